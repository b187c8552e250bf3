"""A worker that dies at a named point of its work: before it computes, after it, on the way to its answer."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import telegrad
from telegrad_server.failpoints import EXIT_STATUS, VARIABLE
from tests.chaos.harness import at, connected, fleet, until
from tests.integration.servers import Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos]

#: Where a fragment passes, with the row of the fault matrix; one of them in every run of the tests.
ROWS = [
    pytest.param("before_apply", id="row_5-before_apply", marks=pytest.mark.slow),
    pytest.param("mid_forward", id="row_2-mid_forward", marks=pytest.mark.slow),
    pytest.param("mid_backward", id="row_2-mid_backward", marks=pytest.mark.slow),
    pytest.param("after_compute", id="row_3-after_compute"),
    pytest.param("before_record", id="row_3-before_record", marks=pytest.mark.slow),
    pytest.param("before_send", id="row_4-before_send", marks=pytest.mark.slow),
]


@contextmanager
def doomed(
    point: str, time: int, *arguments: str, port: int | None = None
) -> Iterator[tuple[Server, list[int]]]:
    """A server that dies at the point, and is started again, once, by somebody who looks after it; how it
    ended.
    """
    ends: list[int] = []
    server = Server("-v", *arguments, port=port, environment={VARIABLE: f"{point}=exit:{time}"})

    over = threading.Event()

    def look_after() -> None:
        while not over.wait(0.02):
            if server.ended:
                ends.append(server.wait())
                server.environment.pop(VARIABLE)
                server.start()
                return

    with server:
        thread = threading.Thread(target=look_after)
        thread.start()
        try:
            yield server, ends
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("point", ROWS)
def test_it_dies_once_and_nothing_is_counted_twice(point: str, undisturbed: list[bytes]) -> None:
    # A forward pass alone is asked for when somebody looks: less often.
    with doomed(point, 3 if point == "mid_forward" else 20) as (server, ends):
        with connected(server.address) as session:
            assert train(telegrad) == undisturbed
            assert session.transport.traffic.replayed > 0
        assert ends == [EXIT_STATUS]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before_manifest", "after_manifest", "before_prune"])
def test_row_30_it_dies_while_it_stores_a_session(
    moment: str, undisturbed: list[bytes], tmp_path: Path
) -> None:
    arguments = ("--snapshots", str(tmp_path), "--snapshot-s", "0.05")
    with doomed(f"snapshot_{moment}", 2, *arguments) as (server, ends):

        def between(step: int) -> None:
            if step == 20:  # it stores when there is something new
                until(lambda: telegrad.ones(1).sum().item() == 1.0 and bool(ends))

        with connected(server.address):
            assert train(telegrad, between=between) == undisturbed
        assert ends == [EXIT_STATUS]


@pytest.mark.slow
@pytest.mark.parametrize("point", ["during_replay", "before_restore"])
def test_it_dies_again_while_the_session_is_brought_back(
    point: str, undisturbed: list[bytes], tmp_path: Path
) -> None:
    arguments = ("--snapshots", str(tmp_path), "--snapshot-s", "0.2")
    with Server("-v", *arguments) as first, connected(first.address) as session:

        def between(step: int) -> None:
            if step == 15:
                first.kill()
                second = stack.enter_context(doomed(point, 1, *arguments, port=first.port))
                ends.append(second[1])

        ends: list[list[int]] = []
        with ExitStack() as stack:
            assert train(telegrad, between=between) == undisturbed
            assert session.transport.traffic.replayed > 0
        assert ends == [[EXIT_STATUS]]


@pytest.mark.slow
def test_row_9_what_is_stored_too_late_is_of_no_use(undisturbed: list[bytes], tmp_path: Path) -> None:
    # The first worker freezes when it is about to claim the session in the store; nobody knows of it there.
    freezes = {VARIABLE: "snapshot_before_claim=stop:1"}
    arguments = ("--snapshots", str(tmp_path), "--snapshot-s", "0.5")
    with fleet(*arguments, first=freezes) as servers, connected(servers.address) as session:
        first, second = servers.workers

        def thaw() -> None:
            until(lambda: telegrad.ones(1).sum().item() == 1.0 and servers.holder(session) is second)
            first.signal(signal.SIGCONT)
            # What it was about to do it does: it claims, stores, looks once more, and lets go.
            until(lambda: "was taken up elsewhere" in first.said and "freed" in first.said)

        def kill() -> None:
            second.kill()
            telegrad.ones(1).sum().item()
            assert servers.holder(session) is first

        try:
            assert servers.holder(session) is first
            assert train(telegrad, between=at({10: thaw, 15: kill})) == undisturbed
        finally:
            first.signal(signal.SIGCONT)
        assert session.transport.traffic.replayed > 0


@pytest.mark.slow
@pytest.mark.parametrize("point", ["mid_forward", "mid_backward"])
def test_row_11_an_operator_that_hangs_ends_its_worker(point: str, undisturbed: list[bytes]) -> None:
    hangs = {VARIABLE: f"{point}=hang:3"}
    with fleet("--operator-s", "5", first=hangs) as servers, connected(servers.address) as session:
        first, second = servers.workers
        assert servers.holder(session) is first
        assert train(telegrad) == undisturbed
        assert servers.holder(session) is second
        assert session.transport.traffic.replayed > 0
        assert first.wait() == 1
        assert "operator" in first.said, "why it ended"
        assert not second.ended
