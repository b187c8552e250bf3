"""Waits are shown when they are long, ended when they are too long, and cost no thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from telegrad.transport import watch as module
from telegrad.transport.watch import BulkWatch, Watch

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Recorder:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.contexts: list[str] = []
        self.shown = threading.Event()

    def waiting(self, elapsed_s: float) -> None:
        self.events.append("waiting")
        self.contexts.append(WHO.get())
        self.shown.set()

    def bulk(self, verb: str, done_bytes: int, total_bytes: int) -> None:
        self.events.append(f"{verb} {done_bytes}/{total_bytes}")

    def finished(self) -> None:
        self.events.append("finished")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def watch(recorder: Recorder) -> Iterator[Watch]:
    watch = Watch(recorder)
    yield watch
    watch.close()


def nothing() -> None: ...


def test_a_long_wait_is_shown_in_the_waiters_context_and_finished(watch: Watch, recorder: Recorder) -> None:
    WHO.set("cell 7")
    wait = watch.begin(None, nothing)
    assert recorder.shown.wait(60)
    watch.end(wait)
    assert recorder.events[-1] == "finished"
    assert set(recorder.events[:-1]) == {"waiting"}
    assert set(recorder.contexts) == {"cell 7"}


def test_a_short_wait_is_not_shown(watch: Watch, recorder: Recorder) -> None:
    for _ in range(1000):
        watch.end(watch.begin(None, nothing))
    assert recorder.events == []


def test_one_thread_serves_all_waits(watch: Watch) -> None:
    before = set(threading.enumerate())
    for _ in range(10):
        watch.end(watch.begin(None, nothing))
    assert len(set(threading.enumerate()) - before) == 1


def test_a_wait_that_is_too_long_is_given_up() -> None:
    watch = Watch(None)
    given_up = threading.Event()
    wait = watch.begin(0.05, given_up.set)
    assert given_up.wait(60)
    assert wait is not None
    assert wait.timed_out
    watch.end(wait)
    watch.close()


def test_without_progress_and_timeout_there_is_nothing_to_do() -> None:
    before = set(threading.enumerate())
    watch = Watch(None)
    assert watch.begin(None, nothing) is None
    watch.end(None)
    assert set(threading.enumerate()) <= before
    watch.close()


def test_the_thread_rests_and_is_woken(
    watch: Watch, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REST_AFTER_S", 0.0)
    watch.end(watch.begin(None, nothing))
    for _ in range(3):
        recorder.shown.clear()
        wait = watch.begin(None, nothing)
        assert recorder.shown.wait(60)
        watch.end(wait)


def test_a_large_array_is_shown_once_it_takes_long(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BulkWatch(recorder, "upload", 10) as bulk:
        bulk.show(1)
    assert recorder.events == []
    monkeypatch.setattr(module, "_SHOW_AFTER_S", -1.0)
    with BulkWatch(recorder, "upload", 10) as bulk:
        bulk.show(4)
        bulk.show(10)
    assert recorder.events == ["upload 4/10", "upload 10/10", "finished"]
    with BulkWatch(None, "upload", 10) as bulk:
        bulk.show(4)
