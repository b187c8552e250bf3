"""Training through kills: what comes out is, bit for bit, what comes out without."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import telegrad
from telegrad.transport.grpc import GrpcTransport
from tests.integration.servers import Server
from tests.integration.training import train


@pytest.fixture(scope="module")
def undisturbed() -> list[bytes]:
    telegrad.connect("embedded")
    found = train(telegrad)
    telegrad.disconnect()
    return found


@contextmanager
def fleet(*arguments: str) -> Iterator[tuple[str, list[Server]]]:
    """The address of a gateway, and the two workers behind it."""
    with (
        Server("-v", *arguments) as one,
        Server("-v", *arguments) as two,
        Server("--relay-to", one.address, "--relay-to", two.address) as gateway,
    ):
        yield gateway.address, [one, two]


def holder(session: telegrad.Session, workers: list[Server]) -> Server:
    """The worker where the session lives now."""
    assert isinstance(session.transport, GrpcTransport)
    name = session.transport._claim.session_id.partition(".")[0]
    (found,) = [worker for worker in workers if worker.names[-1:] == [name]]
    return found


@pytest.mark.chaos
@pytest.mark.slow
def test_a_server_killed_in_mid_training_and_started_again(undisturbed: list[bytes]) -> None:
    with Server() as server:
        session = telegrad.connect(server.address)

        def between(step: int) -> None:
            if step in (10, 20):
                server.kill()
                server.start()

        assert train(telegrad, between=between) == undisturbed
        assert session.transport.traffic.replayed > 20
        telegrad.disconnect()


@pytest.mark.chaos
def test_a_worker_killed_and_its_session_taken_up_by_the_other(undisturbed: list[bytes]) -> None:
    with fleet() as (address, workers):
        session = telegrad.connect(address)

        def between(step: int) -> None:
            if step == 10:
                holder(session, workers).kill()
            if step == 20:
                lost = holder(session, workers)
                next(worker for worker in workers if worker is not lost).start()
                lost.kill()
                started = time.monotonic()
                telegrad.ones(2).sum().item()
                print(f"from the kill to the next answer: {time.monotonic() - started:.2f} s")

        assert train(telegrad, between=between) == undisturbed
        telegrad.disconnect()


@pytest.mark.chaos
@pytest.mark.slow
def test_a_worker_that_freezes_and_comes_back_has_lost(undisturbed: list[bytes], tmp_path: Path) -> None:
    with fleet("--snapshots", str(tmp_path), "--snapshot-s", "0.1") as (address, workers):
        session = telegrad.connect(address)
        frozen: list[Server] = []

        def between(step: int) -> None:
            if step == 10:
                frozen.append(holder(session, workers))
                frozen[0].signal(signal.SIGSTOP)
                started = time.monotonic()
                telegrad.ones(2).sum().item()
                print(f"from the freeze to the next answer: {time.monotonic() - started:.2f} s")
                assert holder(session, workers) is not frozen[0]
            if step == 15:
                frozen[0].signal(signal.SIGCONT)
            if step == 20:
                while "was taken up elsewhere" not in frozen[0].said:
                    telegrad.ones(1).sum().item()

        try:
            assert train(telegrad, between=between) == undisturbed
        finally:
            for worker in frozen:
                worker.signal(signal.SIGCONT)
        telegrad.disconnect()


@pytest.mark.chaos
@pytest.mark.slow
def test_a_worker_killed_and_its_session_taken_up_from_a_snapshot(
    undisturbed: list[bytes], tmp_path: Path
) -> None:
    with fleet("--snapshots", str(tmp_path), "--snapshot-s", "0.2") as (address, workers):
        session = telegrad.connect(address)
        transport = session.transport
        assert isinstance(transport, GrpcTransport)

        def between(step: int) -> None:
            if step == 20:
                journal = transport._claim.journal
                while journal.first_seq < 20:
                    telegrad.ones(1).sum().item()
                holder(session, workers).kill()

        assert train(telegrad, between=between) == undisturbed
        assert 0 <= transport.traffic.replayed < 20, "the rest was in the store"
        assert len(os.listdir(tmp_path)) == 1
        telegrad.disconnect()


@pytest.mark.chaos
@pytest.mark.slow
def test_a_worker_that_is_told_to_end_hands_its_sessions_over(
    undisturbed: list[bytes], tmp_path: Path
) -> None:
    with fleet("--snapshots", str(tmp_path)) as (address, workers):
        session = telegrad.connect(address)

        def between(step: int) -> None:
            if step == 20:
                telegrad.synchronize()
                leaving = holder(session, workers)
                leaving.signal(signal.SIGTERM)
                assert leaving.wait() == 0

        assert train(telegrad, between=between) == undisturbed
        assert session.transport.traffic.replayed == 0, "all of it was stored"
        telegrad.disconnect()


@pytest.mark.chaos
@pytest.mark.slow
def test_a_store_that_is_gone_stops_nobody(undisturbed: list[bytes], tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.write_text("a file where a folder should be")
    with Server("--snapshots", str(store), "--snapshot-s", "0.1") as server:
        telegrad.connect(server.address)

        def between(step: int) -> None:
            if step in (10, 20):
                while "cannot be stored" not in server.said:
                    telegrad.ones(1).sum().item()
                assert server.said.count("cannot be stored") == 1, "said once"
                if step == 20:
                    server.restart()

        assert train(telegrad, between=between) == undisturbed
        telegrad.disconnect()


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("store", [False, True])
@pytest.mark.parametrize(
    "point",
    [
        "before_apply=exit:9",
        "mid_forward=exit:4",
        "mid_backward=exit:9",
        "after_compute=exit:9",
        "before_record=exit:9",
        "before_send=exit:9",
        "put=exit:1",
    ],
)
def test_a_server_that_ends_at_the_worst_of_times(
    point: str, store: bool, undisturbed: list[bytes], tmp_path: Path
) -> None:
    arguments = ["--snapshots", str(tmp_path), "--snapshot-s", "0.05"] if store else []
    with Server(*arguments, environment={"TELEGRAD_FAILPOINTS": point}) as server:
        telegrad.connect(server.address)
        reviver = server.revive({})
        assert train(telegrad) == undisturbed
        reviver.join(60)
        telegrad.disconnect()
        assert server.said.count("passed") == 1, "it did end"
