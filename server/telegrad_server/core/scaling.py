"""How many workers a cluster should have, by what they have to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: More than this share of time or of room in use, for so long: one worker more.
BUSY_SHARE: Final = 0.75
GROW_AFTER_S: Final = 5.0

#: What is left would be this busy at most with one worker fewer, for so long: one fewer. The gap between
#: the two shares, and the longer wait, keep the number from swinging.
CALM_SHARE: Final = 0.5
SHRINK_AFTER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one worker has to do.

    Attributes:
        busy_share: how much of the time it computed lately; over 1 where sessions compute side by side.
        room_share: how much of its room for sessions, or of its memory, is taken.
    """

    busy_share: float
    room_share: float


class Scaler:
    """Decides the number of workers, one step at a time.

    Args:
        least: the fewest.
        most: the most.
    """

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most
        self.desired = least
        self._busy_since: float | None = None
        self._calm_since: float | None = None

    def decide(self, loads: Sequence[Load], now: float) -> int:
        """The number of workers from now on.

        Args:
            loads: of the workers that are ready; fewer than desired while one starts.
            now: seconds that only grow.
        """
        total = sum(max(min(load.busy_share, 1.0), load.room_share) for load in loads)
        full = bool(loads) and total / len(loads) > BUSY_SHARE
        calm = len(loads) > 1 and total / (len(loads) - 1) < CALM_SHARE
        settled = len(loads) >= self.desired
        self._busy_since = _since(self._busy_since, now) if full and settled else None
        self._calm_since = _since(self._calm_since, now) if calm and settled else None
        if self._busy_since is not None and now - self._busy_since >= GROW_AFTER_S:
            self._step(+1)
        elif self._calm_since is not None and now - self._calm_since >= SHRINK_AFTER_S:
            self._step(-1)
        return self.desired

    def _step(self, by: int) -> None:
        self.desired = min(max(self.desired + by, self.least), self.most)
        self._busy_since = self._calm_since = None


def _since(before: float | None, now: float) -> float:
    return now if before is None else before
