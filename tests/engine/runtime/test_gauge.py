"""What is counted for a process: bytes of all sessions, evaluations, how far they are."""

from __future__ import annotations

import pytest

from telegrad_engine.runtime.executor import Interrupt
from telegrad_engine.runtime.gauge import Gauge
from telegrad_engine.session import EngineSession
from telegrad_proto.errors import CancelledError
from telegrad_proto.ir import Ledger
from tests.engine.drafts import Draft


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bytes_of_all_living_sessions_are_counted() -> None:
    gauge = Gauge()
    one, two = Ledger(), Ledger()
    gauge.watch(one)
    gauge.watch(two)
    one.held_bytes, two.held_bytes = 3, 4
    assert gauge.held_bytes == 7
    del one
    assert gauge.held_bytes == 4


def test_evaluations_are_counted_and_timed_also_while_they_run() -> None:
    clock = Clock()
    gauge = Gauge(clock=clock)
    first, second = Interrupt(), Interrupt()
    with gauge.evaluating(first):
        clock.now = 2.0
        with gauge.evaluating(second):
            clock.now = 5.0
            assert (gauge.running, gauge.busy_s) == (2, 8.0)
        assert (gauge.running, gauge.busy_s) == (1, 8.0)
    assert (gauge.running, gauge.busy_s) == (0, 8.0)


def test_an_evaluation_that_fails_is_over() -> None:
    gauge = Gauge()
    with pytest.raises(CancelledError), gauge.evaluating(Interrupt()):
        raise CancelledError("stop")
    assert gauge.running == 0


def test_progress_tells_a_long_plan_from_one_that_hangs() -> None:
    gauge = Gauge()
    interrupt = Interrupt()
    with gauge.evaluating(interrupt):
        before = gauge.progress()
        assert gauge.progress() == before
        interrupt.check()
        assert gauge.progress() != before
    assert gauge.progress() == {}


def test_an_engine_session_counts_for_its_process() -> None:
    gauge = Gauge()
    draft = Draft(EngineSession(gauge=gauge))
    x = draft.leaf([1.0, 2.0])
    draft.fetch(draft.node("sin", x))
    draft.done()
    assert gauge.held_bytes == draft.session.held_bytes > 0
    assert gauge.busy_s > 0
    draft.session.close()
