"""Ends a process in which an operator hangs: nothing else can stop one that never comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

_LOOKS_A_DEADLINE: Final = 5


class Watchdog:
    """Watches how far evaluations are.

    Args:
        progress: for each running evaluation, something that grows with every operator it begins.
        deadline_s: how long one operator may take.
        bite: called once, with how long it took, when one took longer.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        progress: Callable[[], Mapping[int, int]],
        deadline_s: float,
        bite: Callable[[float], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._deadline_s = deadline_s
        self._bite = bite
        self._clock = clock
        self._since: dict[tuple[int, int], float] = {}
        self._stopped = threading.Event()

    def stalled_s(self) -> float:
        """How long the slowest operator that runs has been seen running."""
        now = self._clock()
        running = self._progress().items()
        self._since = {at: self._since.get(at, now) for at in running}
        return max((now - since for since in self._since.values()), default=0.0)

    def start(self) -> None:
        """Begins to watch, in a thread of its own."""
        threading.Thread(target=self._watch, name="telegrad-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watches no more."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._deadline_s / _LOOKS_A_DEADLINE):
            stalled_s = self.stalled_s()
            if stalled_s > self._deadline_s:
                self._bite(stalled_s)
                return
