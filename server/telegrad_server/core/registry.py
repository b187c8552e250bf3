"""What a gateway believes of its workers: who answers, who is busy, who is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from telegrad_server.core.placement import Candidate, placement
from telegrad_server.core.supervision import DEAD_AFTER_S, SUSPECT_AFTER_S

State = Literal["new", "ready", "draining", "suspect", "dead"]

#: So many probes must have failed since the last sign of life before a worker counts as dead: one alone may
#: have been asked at a bad moment.
_DEAD_AFTER_FAILURES: Final = 2


@dataclass(frozen=True, slots=True)
class Report:
    """A worker's answer to a probe.

    Attributes:
        name: the first part of the ids of the sessions that live there.
        serving: whether it takes new sessions.
        sessions: how many it has.
        capacity: how many it can have.
        held_bytes: what they hold.
        limit_bytes: what they may hold together; 0: no bound.
        running: how many of them compute at this moment.
    """

    name: str
    serving: bool
    sessions: int
    capacity: int
    held_bytes: int = 0
    limit_bytes: int = 0
    running: int = 0


@dataclass(slots=True)
class _Worker:
    address: str
    state: State = "new"
    name: str = ""
    report: Report | None = None
    opening: int = 0
    placed: int = 0
    placed_since_asked: int = 0
    heard_at: float | None = None
    failures: int = 0

    def heard(self, now: float) -> None:
        self.heard_at, self.failures = now, 0

    def judge(self, now: float) -> bool:
        """Whether it counts as dead from now on."""
        if self.heard_at is None or not self.failures or self.state == "dead":
            return False
        silent_s = now - self.heard_at
        if silent_s >= DEAD_AFTER_S and self.failures >= _DEAD_AFTER_FAILURES:
            self.state = "dead"
            return True
        if silent_s >= SUSPECT_AFTER_S:
            self.state = "suspect"
        return False


class Registry:
    """The workers behind a gateway: a slot is a place for one, its name is what it calls itself.

    To replace one is nobody's business here. A worker that is dead is one whose sessions may be taken up
    elsewhere: it does not answer for as long as a supervisor waits, or there is nobody at its address.
    """

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}
        self._ticked_at: float | None = None

    def locate(self, slot: str, address: str) -> None:
        """A worker is at this address now: a new one, or one that was restarted elsewhere."""
        known = self._workers.get(slot)
        if known is None or known.address != address:
            self._workers[slot] = _Worker(address, name=known.name if known else "")

    def remove(self, slot: str) -> None:
        """A worker is no longer part of the service."""
        self._workers.pop(slot, None)

    def asked(self, slot: str) -> None:
        """A probe goes out: its answer may not know of sessions that are placed from here on."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.placed_since_asked = 0

    def answered(self, slot: str, report: Report, now: float) -> None:
        """A probe was answered."""
        worker = self._workers.get(slot)
        if worker is None:
            return
        worker.state = "ready" if report.serving else "draining"
        worker.name, worker.report, worker.placed = report.name, report, worker.placed_since_asked
        worker.heard(now)

    def alive(self, slot: str, now: float) -> None:
        """A probe was not answered, but the process gave a sign of life: it is busy."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.heard(now)

    def failed(self, slot: str, now: float) -> None:
        """A probe brought no sign of life."""
        worker = self._workers.get(slot)
        if worker is None:
            return
        worker.failures += 1
        if worker.heard_at is None:
            worker.heard_at = now  # never heard so far: it may still be starting
        worker.judge(now)

    def tick(self, now: float) -> Sequence[str]:
        """Time went on: the addresses of those that count as dead from now on.

        Silence counts from the last sign of life: what a worker does not answer was asked later, and takes a
        while to fail.
        """
        late = 0.0 if self._ticked_at is None else now - self._ticked_at - SUSPECT_AFTER_S / 2
        self._ticked_at = now
        if late > 0:
            # This process itself got no time: the workers' silence meanwhile proves nothing.
            for worker in self._workers.values():
                if worker.heard_at is not None:
                    worker.heard_at += late
        return [worker.address for worker in self._workers.values() if worker.judge(now)]

    def gone(self, slot: str, now: float) -> None:
        """Nobody listens at the worker's address: its process has ended."""
        worker = self._workers.get(slot)
        if worker is not None and worker.state != "new":  # a new one may not listen yet
            worker.heard_at = now
            worker.failures += 1
            worker.state = "dead"

    def opening(self, slot: str) -> None:
        """A session is on its way there: those that come meanwhile are better placed elsewhere."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.opening += 1

    def arrived(self, slot: str) -> None:
        """A session that was on its way is there, or was refused."""
        worker = self._workers.get(slot)
        if worker is not None and worker.opening:  # else it is another worker by now
            worker.opening -= 1

    def placed(self, slot: str) -> None:
        """A session was taken there; counts until a report that was asked for later."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.placed += 1
            worker.placed_since_asked += 1

    def slots(self) -> Sequence[tuple[str, str]]:
        """Every slot with its address."""
        return [(slot, worker.address) for slot, worker in self._workers.items()]

    def state(self, slot: str) -> State | None:
        """How a worker is; None where there is none."""
        worker = self._workers.get(slot)
        return None if worker is None else worker.state

    def holder(self, session_id: str) -> str | None:
        """The address of the living worker whose name begins the session's id; None where there is none."""
        name = session_id.partition(".")[0]
        for worker in self._workers.values():
            if worker.name == name and worker.state != "dead":
                return worker.address
        return None

    @property
    def settled(self) -> bool:
        """Whether of every worker is known who it is, or that it is dead: a session that none of them begins
        is lost.
        """
        return bool(self._workers) and all(
            w.state in ("ready", "draining", "dead") or (w.state == "suspect" and w.name)
            for w in self._workers.values()
        )

    def candidates(self) -> Sequence[tuple[str, str]]:
        """Slots and addresses of those that may take a new session, the best first."""
        found = [
            Candidate(
                slot,
                worker.report.sessions + worker.placed + worker.opening,
                worker.report.capacity,
                held_bytes=worker.report.held_bytes,
                limit_bytes=worker.report.limit_bytes,
                running=worker.report.running,
            )
            for slot, worker in self._workers.items()
            if worker.state == "ready" and worker.report is not None
        ]
        return [(slot, self._workers[slot].address) for slot in placement(found)]

    def summary(self) -> str:
        """The workers and their states, for people."""
        if not self._workers:
            return "no workers"
        return ", ".join(f"{slot} {worker.state}" for slot, worker in self._workers.items())

    @property
    def ready(self) -> bool:
        """Whether any worker takes sessions."""
        return any(worker.state == "ready" for worker in self._workers.values())
