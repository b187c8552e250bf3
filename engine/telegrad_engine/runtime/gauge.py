"""What the sessions of one process do and hold together: for heartbeats, a watchdog, and a common bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final
from weakref import WeakSet

from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.ir import Ledger


class Gauge:
    """Counts for all sessions that were given it; safe to use from any thread.

    Args:
        limit_bytes: how much they may hold together; 0: no bound.
        clock: seconds that only grow.
    """

    def __init__(self, limit_bytes: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_bytes: Final = limit_bytes
        self._clock = clock
        self._lock: Final = Lock()
        self._ledgers: Final[WeakSet[Ledger]] = WeakSet()
        self._running: Final[dict[Interrupt, float]] = {}
        self._busy_s = 0.0

    def watch(self, ledger: Ledger) -> None:
        """Count what this session holds, as long as it lives."""
        with self._lock:
            self._ledgers.add(ledger)

    @property
    def held_bytes(self) -> int:
        """Bytes of all sessions' arrays."""
        with self._lock:
            return sum([ledger.held_bytes for ledger in self._ledgers])

    @property
    def running(self) -> int:
        """How many evaluations run at this moment."""
        return len(self._running)

    @property
    def busy_s(self) -> float:
        """Seconds of evaluations so far, summed over sessions that computed side by side."""
        with self._lock:
            now = self._clock()
            return self._busy_s + sum([now - began for began in self._running.values()])

    def evaluating(self, interrupt: Interrupt) -> _Evaluation:
        """Counts an evaluation while the block runs."""
        return _Evaluation(self, interrupt)

    def _begin(self, interrupt: Interrupt) -> None:
        with self._lock:
            self._running[interrupt] = self._clock()

    def _end(self, interrupt: Interrupt) -> None:
        with self._lock:
            began = self._running.pop(interrupt)
            self._busy_s += self._clock() - began

    def progress(self) -> dict[int, int]:
        """How far each running evaluation is: operators begun, by something that names the evaluation."""
        with self._lock:
            return {id(interrupt): interrupt.checks for interrupt in self._running}


class _Evaluation:
    """One evaluation, as a context: a generator would cost a small plan as much as its arithmetic."""

    __slots__ = ("_gauge", "_interrupt")

    def __init__(self, gauge: Gauge, interrupt: Interrupt) -> None:
        self._gauge = gauge
        self._interrupt = interrupt

    def __enter__(self) -> None:
        self._gauge._begin(self._interrupt)

    def __exit__(self, *_: object) -> None:
        self._gauge._end(self._interrupt)
