"""Shows how long a wait takes, and ends one that takes too long, without a thread a wait.

The thread that waits for an outcome reads the socket itself, so it cannot look at a clock meanwhile. One
other thread looks for it, a few times a second, and sleeps while nobody waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Final, Self

from telegrad.transport.base import Progress

_PERIOD_S: Final = 0.1
_SHOW_AFTER_S: Final = 0.5
_REST_AFTER_S: Final = 5.0


class Wait:
    """One wait.

    Attributes:
        started_s: when it began.
        context: the waiting thread's; a notebook tells by it which cell an output belongs to.
        timeout_s: how long it may last, or None.
        shown: whether the progress was told of it.
        timed_out: whether it lasted too long.
    """

    __slots__ = ("context", "give_up", "shown", "started_s", "timed_out", "timeout_s")

    def __init__(self, timeout_s: float | None, give_up: Callable[[], object]) -> None:
        self.started_s = time.monotonic()
        self.context: Context = copy_context()
        self.timeout_s = timeout_s
        self.give_up = give_up
        self.shown = False
        self.timed_out = False


class Watch:
    """Watches the waits of one transport, one at a time.

    Args:
        progress: told about waits of more than half a second; None for silence.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._current: Wait | None = None
        self._resting = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def begin(self, timeout_s: float | None, give_up: Callable[[], object]) -> Wait | None:
        """A wait begins; `give_up` is called, from the other thread, when the timeout is over."""
        if self._progress is None and timeout_s is None:
            return None
        wait = self._current = Wait(timeout_s, give_up)
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="telegrad-watch", daemon=True)
            self._thread.start()
        elif self._resting:
            self._wake.set()
        return wait

    def end(self, wait: Wait | None) -> None:
        """The wait is over."""
        self._current = None
        if wait is not None and wait.shown and self._progress is not None:
            with self._lock:
                self._progress.finished()

    def close(self) -> None:
        """Ends the thread."""
        self._closed = True
        self._wake.set()
        # A session may be finalized in any thread, this one too.
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _look(self) -> None:
        last_seen_s = time.monotonic()
        while not self._closed:
            wait = self._current
            now = time.monotonic()
            if wait is not None:
                last_seen_s = now
                self._check(wait, now - wait.started_s)
            self._resting = now - last_seen_s > _REST_AFTER_S
            # A wait that begins between these lines is seen here, or sees `_resting` and sets the event.
            if self._resting and self._current is None:
                self._wake.wait()
                last_seen_s = time.monotonic()
            else:
                self._wake.wait(_PERIOD_S)
            if not self._closed:
                self._wake.clear()

    def _check(self, wait: Wait, elapsed_s: float) -> None:
        if wait.timeout_s is not None and elapsed_s >= wait.timeout_s and not wait.timed_out:
            wait.timed_out = True
            wait.give_up()
        if self._progress is None or elapsed_s < _SHOW_AFTER_S:
            return
        # Said before looking whether the wait goes on: `end` then waits for the lock, and finishes what is
        # shown.
        wait.shown = True
        with self._lock:
            if self._current is wait:
                wait.context.run(self._progress.waiting, elapsed_s)


class BulkWatch:
    """Reports a large array's way, once it has taken half a second.

    Args:
        progress: whom to tell, or None.
        verb: "upload" or "download".
        total_bytes: how many bytes there are.
    """

    __slots__ = ("_progress", "_shown", "_started_s", "_total_bytes", "_verb")

    def __init__(self, progress: Progress | None, verb: str, total_bytes: int) -> None:
        self._progress = progress
        self._verb = verb
        self._total_bytes = total_bytes
        self._started_s = time.monotonic()
        self._shown = False

    def show(self, done_bytes: int) -> None:
        """So many bytes have travelled."""
        if self._progress is None or not (self._shown or time.monotonic() - self._started_s > _SHOW_AFTER_S):
            return
        self._shown = True
        self._progress.bulk(self._verb, done_bytes, self._total_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._progress is not None:
            self._progress.finished()
