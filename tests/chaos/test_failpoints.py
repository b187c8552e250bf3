"""A worker that dies at a named point of its work: before it computes, after it, on the way to its answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import telegrad
from telegrad_server.failpoints import EXIT_STATUS, VARIABLE
from tests.chaos.harness import connected, until
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
