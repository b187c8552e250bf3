"""Stopping, waiting, closing, and the same session from several threads."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.ops.record import RECORDS
from telegrad_engine.session import EngineSession
from telegrad_proto.limits import OUTCOME_WINDOW
from telegrad_proto.payload import digest_of
from tests.engine.drafts import Draft, error_of, f32

ALL = ((0,), False)


@pytest.fixture
def at_sin(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen whenever the sine is computed."""

    def install(action: Callable[[], object]) -> None:
        def forward(xp: Any, x: Any) -> Any:
            action()
            return xp.sin(x)

        monkeypatch.setitem(RECORDS, "sin", dataclasses.replace(RECORDS["sin"], forward=forward))

    return install


def test_cancel_from_another_thread_stops_between_two_operators(
    at_sin: Callable[[Callable[[], object]], None],
) -> None:
    draft = Draft()
    reached, cancelled = threading.Event(), threading.Event()
    computed = 0

    def wait() -> None:
        nonlocal computed
        computed += 1
        reached.set()
        assert cancelled.wait(30)

    at_sin(wait)
    x = draft.leaf(f32([1, 2]))
    y = draft.node("sin", draft.node("sin", draft.node("sin", x)))
    draft.fragment.fetches.append(y)
    seq = draft.fragment.seq
    answers: list[bool] = []

    def stop() -> None:
        assert reached.wait(30)
        answers.append(draft.session.cancel(seq))
        cancelled.set()

    thread = threading.Thread(target=stop)
    thread.start()
    outcome = draft.send()
    thread.join()
    assert error_of(outcome).reason == "CANCELLED"
    assert answers == [True]
    assert computed == 1
    np.testing.assert_allclose(draft.fetch(y)[0], np.sin(np.sin(np.sin(f32([1, 2])))), rtol=1e-6)
    assert computed == 4


def test_cancel_before_the_fragment_comes() -> None:
    draft = Draft()
    x = draft.leaf(f32([1]))
    y = draft.node("sin", x)
    assert draft.session.cancel(draft.fragment.seq) is False
    draft.fragment.fetches.append(y)
    assert error_of(draft.send()).reason == "CANCELLED"
    draft.fetch(y)
    assert draft.session._cancelled == set()


def test_cancel_of_what_is_over_or_far_ahead_is_forgotten() -> None:
    draft = Draft()
    x = draft.leaf(f32([1]))
    draft.fetch(x)
    assert draft.session.cancel(1) is False
    assert draft.session.cancel(1 + OUTCOME_WINDOW + 1) is False
    assert draft.session._cancelled == set()
    assert draft.session.cancel(1 + OUTCOME_WINDOW) is False
    draft.fetch(draft.node("neg", x))
    assert draft.session._cancelled == {1 + OUTCOME_WINDOW}


def test_a_fragment_over_its_time_stops(at_sin: Callable[[Callable[[], object]], None]) -> None:
    draft = Draft()
    slow = True

    def wait() -> None:
        while slow and time.monotonic() <= draft.session._running[1]._deadline:  # type: ignore[index, operator]
            pass

    at_sin(wait)
    y = draft.node("sin", draft.node("sin", draft.leaf(f32([1]))))
    draft.fragment.timeout_ms = 1
    draft.fragment.fetches.append(y)
    error = error_of(draft.send())
    assert error.reason == "DEADLINE"
    assert "0.001 s" in error.message
    slow = False
    draft.fragment.timeout_ms = 600_000
    draft.fetch(y)


def test_a_cancelled_backward_can_be_asked_for_again() -> None:
    draft = Draft()
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("sum", draft.node("mul", x, x), attrs=ALL)
    (g,) = draft.backward([y], [x])
    draft.session.cancel(draft.fragment.seq)
    draft.fragment.fetches.append(g)
    assert error_of(draft.send()).reason == "CANCELLED"
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([2, 4]))


def test_close_stops_what_runs(at_sin: Callable[[Callable[[], object]], None]) -> None:
    draft = Draft()
    reached, closing = threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        assert closing.wait(30)

    at_sin(wait)
    y = draft.node("sin", draft.node("sin", draft.leaf(f32([1]))))
    draft.fragment.fetches.append(y)
    session = draft.session

    def close() -> None:
        assert reached.wait(30)
        session.close()

    def let_go() -> None:
        # The fragment is told to stop before `close` waits for the session's lock.
        assert reached.wait(30)
        while not session._running[1]._cancelled:  # type: ignore[index]
            pass
        closing.set()

    threads = [threading.Thread(target=close), threading.Thread(target=let_go)]
    for thread in threads:
        thread.start()
    assert error_of(draft.send()).reason == "CANCELLED"
    for thread in threads:
        thread.join()
    assert error_of(draft.send()).reason == "SESSION_EXPIRED"
    assert session.held_bytes == 0


def test_payloads_come_while_a_fragment_runs(at_sin: Callable[[Callable[[], object]], None]) -> None:
    draft = Draft()
    reached, put = threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        assert put.wait(30)

    at_sin(wait)
    data = f32([1, 2, 3]).tobytes()

    def upload() -> None:
        assert reached.wait(30)
        draft.put(data)
        assert draft.session.missing([digest_of(data)]) == []
        put.set()

    thread = threading.Thread(target=upload)
    thread.start()
    draft.fetch(draft.node("sin", draft.leaf(f32([1]))))
    thread.join()


def test_fragments_from_several_threads_are_applied_one_after_the_other() -> None:
    session = EngineSession()
    shared = Draft(session)
    x = shared.leaf(f32([0]))
    shared.done()
    failures: list[object] = []
    ids = iter(range(100, 10_000))
    order = threading.Lock()

    def work() -> None:
        for _ in range(25):
            with order:  # ids only grow: who takes one sends it before the next is taken
                draft = Draft(session, first_id=next(ids))
                draft.specs[x] = shared.specs[x]
                draft.fragment.seq = 1
                y = draft.node("neg", x)
                draft.fragment.fetches.append(y)
                outcome = draft.send()
            if outcome.error.code:
                failures.append(outcome)
            session.residuals()
            session.get(y)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert session.held_bytes == 101 * 4


def test_sessions_do_not_see_each_other() -> None:
    one, two = Draft(), Draft()
    x = one.leaf(f32([1]))
    one.done()
    two.fragment.fetches.append(x)
    assert error_of(two.send()).reason == "STRUCTURE"
    assert two.session.held_bytes == 0


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ValueError, match="requires cpu, cuda or cuda:N, got 'tpu'"):
        EngineSession("tpu")


def test_the_device_is_told() -> None:
    assert EngineSession().device == "cpu"
