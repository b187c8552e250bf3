"""Training through kills: what comes out is, bit for bit, what comes out without."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
def test_a_worker_that_freezes_and_comes_back_has_lost(undisturbed: list[bytes]) -> None:
    with fleet() as (address, workers):
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

        try:
            assert train(telegrad, between=between) == undisturbed
        finally:
            for worker in frozen:
                worker.signal(signal.SIGCONT)
        telegrad.disconnect()
