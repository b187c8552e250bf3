"""When a process that keeps ending is started again."""

from __future__ import annotations

from typing import Final

#: The pause before the next start, after as many failures in a row.
PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)

#: Who was ready for longer has not failed when it ends.
STABLE_S: Final = 30.0


class Restarting:
    """Counts failures in a row. Each method is an event of the process."""

    def __init__(self) -> None:
        self._failures = 0
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """It does what it is for."""
        self._ready_at = now

    def ended(self, now: float) -> float:
        """It ended: the seconds until it is to be started again."""
        if self._ready_at is not None and now - self._ready_at >= STABLE_S:
            self._failures = 0
        self._ready_at = None
        pause = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        return pause
