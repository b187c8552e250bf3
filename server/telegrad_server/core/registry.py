"""What a gateway believes of its workers: who answers, who is busy, who is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telegrad_server.core.placement import Candidate, placement
from telegrad_server.core.supervision import DEAD_AFTER_S, SUSPECT_AFTER_S

State = Literal["new", "ready", "draining", "suspect", "dead"]


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
    placed: int = 0
    silent_since: float | None = None


class Registry:
    """The workers behind a gateway: a slot is a place for one, its name is what it calls itself.

    To replace one is nobody's business here. A worker that is dead is one whose sessions may be taken up
    elsewhere: it does not answer for as long as a supervisor waits, or there is nobody at its address.
    """

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}

    def locate(self, slot: str, address: str) -> None:
        """A worker is at this address now: a new one, or one that was restarted elsewhere."""
        known = self._workers.get(slot)
        if known is None or known.address != address:
            self._workers[slot] = _Worker(address, name=known.name if known else "")

    def remove(self, slot: str) -> None:
        """A worker is no longer part of the service."""
        self._workers.pop(slot, None)

    def answered(self, slot: str, report: Report) -> None:
        """A probe was answered."""
        worker = self._workers.get(slot)
        if worker is None:
            return
        worker.state = "ready" if report.serving else "draining"
        worker.name, worker.report, worker.placed = report.name, report, 0
        worker.silent_since = None

    def failed(self, slot: str, now: float) -> None:
        """A probe was not answered in time."""
        worker = self._workers.get(slot)
        if worker is None:
            return
        if worker.silent_since is None:
            worker.silent_since = now
        silent_s = now - worker.silent_since
        if silent_s >= DEAD_AFTER_S:
            worker.state = "dead"
        elif silent_s >= SUSPECT_AFTER_S and worker.state != "dead":
            worker.state = "suspect"

    def gone(self, slot: str, now: float) -> None:
        """Nobody listens at the worker's address: its process has ended."""
        worker = self._workers.get(slot)
        if worker is not None and worker.state != "new":  # a new one may not listen yet
            worker.silent_since = now - DEAD_AFTER_S
            worker.state = "dead"

    def placed(self, slot: str) -> None:
        """A session was sent there; counts until the next report."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.placed += 1

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
                worker.report.sessions + worker.placed,
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
