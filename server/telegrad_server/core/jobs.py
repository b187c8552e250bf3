"""Decisions about batch jobs: which come next, when a driver is tried again, and how a job is getting on.

Pure: time is an argument, and nothing here reads or writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

#: A driver that dies so often without finishing a shard will not finish one.
MAX_FRUITLESS_DEATHS: Final = 5

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0
_RATE_WINDOW_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class StartDriver:
    """Have the job driven, after a pause."""

    job_id: str
    delay_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Write the job down as failed: its drivers die without getting anything done."""

    job_id: str
    deaths: int


Command = StartDriver | GiveUp


@dataclass(slots=True)
class _Running:
    shards_done: int = 0
    deaths: int = 0
    restarts: int = 0


class JobQueue:
    """The jobs that wait and those that are driven, first come first served.

    Args:
        at_once: how many are driven at a time.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: deque[str] = deque()
        self._running: dict[str, _Running] = {}

    def submitted(self, job_id: str) -> list[Command]:
        """A job came, or was found unfinished. One that is known already is no news."""
        if job_id not in self._running and job_id not in self._waiting:
            self._waiting.append(job_id)
        return self._fill()

    def ended(self, job_id: str) -> list[Command]:
        """A driver has brought its job to an end, whichever."""
        self._running.pop(job_id, None)
        if job_id in self._waiting:
            self._waiting.remove(job_id)
        return self._fill()

    def died(self, job_id: str, shards_done: int) -> list[Command]:
        """A driver is gone without bringing its job to an end; so many of its shards are done by now."""
        running = self._running.get(job_id)
        if running is None:
            return []
        running.restarts += 1
        running.deaths = 1 if shards_done > running.shards_done else running.deaths + 1
        running.shards_done = max(shards_done, running.shards_done)
        if running.deaths > MAX_FRUITLESS_DEATHS:
            return [GiveUp(job_id, running.restarts), *self.ended(job_id)]
        pause = (
            0.0 if running.deaths == 1 else min(_FIRST_PAUSE_S * 2 ** (running.deaths - 2), _LONGEST_PAUSE_S)
        )
        return [StartDriver(job_id, pause)]

    def position(self, job_id: str) -> int:
        """How many jobs come before this one can start; 0 for one that is driven or unknown."""
        try:
            return self._waiting.index(job_id) + 1
        except ValueError:
            return 0

    @property
    def positions(self) -> dict[str, int]:
        """The waiting jobs with their positions."""
        return {job_id: place for place, job_id in enumerate(self._waiting, 1)}

    def _fill(self) -> list[Command]:
        started: list[Command] = []
        while self._waiting and len(self._running) < self._at_once:
            job_id = self._waiting.popleft()
            self._running[job_id] = _Running()
            started.append(StartDriver(job_id, 0.0))
        return started


@dataclass(slots=True)
class Tally:
    """How far a job is.

    Attributes:
        shards_total, rows_total: what is planned.
        done: finished shards.
    """

    shards_total: int
    rows_total: int
    done: set[int] = field(default_factory=set)
    rows_done: int = 0
    bad_rows: int = 0
    peak_worker_bytes: int = 0
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    def finished(self, shard: int, rows: int, bad_rows: int, peak_bytes: int) -> bool:
        """Counts a shard, once however often it is told; whether that was news."""
        if shard in self.done:
            return False
        self.done.add(shard)
        self.rows_done += rows + bad_rows
        self.bad_rows += bad_rows
        self.peak_worker_bytes = max(self.peak_worker_bytes, peak_bytes)
        return True

    @property
    def complete(self) -> bool:
        return len(self.done) == self.shards_total

    def lacking(self, shards: Iterable[int]) -> list[int]:
        """Those of the shards that are not done."""
        return [shard for shard in shards if shard not in self.done]

    def rate(self, now: float) -> float:
        """Rows a second over the last while, as far as it was watched."""
        self._marks.append((now, self.rows_done))
        while len(self._marks) > 2 and self._marks[1][0] < now - _RATE_WINDOW_S:
            self._marks.popleft()
        first, before = self._marks[0]
        return (self.rows_done - before) / (now - first) if now > first else 0.0
