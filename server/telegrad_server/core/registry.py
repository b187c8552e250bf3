"""What a gateway believes of its workers: who answers, who is busy, who must be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["new", "ready", "draining", "suspect", "dead"]

#: Probes go out once a second: after three that failed no new session is placed there, after five seconds it
#: is replaced. Ray itself never notices a worker process that is frozen.
SUSPECT_AFTER_FAILURES: Final = 3
DEAD_AFTER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Report:
    """A worker's answer to a probe.

    Attributes:
        name: the first part of the ids of the sessions that live there.
        serving: whether it takes new sessions.
        sessions: how many it has.
        capacity: how many it can have.
    """

    name: str
    serving: bool
    sessions: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Replace:
    """Kill and restart the process behind a slot: it has not answered for too long."""

    slot: str


@dataclass(slots=True)
class _Worker:
    address: str
    state: State = "new"
    name: str = ""
    sessions: int = 0
    capacity: int = 0
    failures: int = 0
    failing_since: float = 0.0


class Registry:
    """The workers behind a gateway: a slot is a place for one, its name is what it calls itself."""

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
        worker.name, worker.sessions, worker.capacity = report.name, report.sessions, report.capacity
        worker.failures = 0

    def failed(self, slot: str, now: float) -> tuple[Replace, ...]:
        """A probe was not answered in time, or refused."""
        worker = self._workers.get(slot)
        if worker is None:
            return ()
        if worker.failures == 0:
            worker.failing_since = now
        worker.failures += 1
        if worker.failures >= SUSPECT_AFTER_FAILURES and worker.state != "dead":
            worker.state = "suspect"
        if worker.state == "suspect" and now - worker.failing_since >= DEAD_AFTER_S:
            worker.state = "dead"
            return (Replace(slot),)
        return ()

    def placed(self, slot: str) -> None:
        """A session was sent there; counts until the next report."""
        worker = self._workers.get(slot)
        if worker is not None:
            worker.sessions += 1

    def slots(self) -> Sequence[tuple[str, str]]:
        """Every slot with its address."""
        return [(slot, worker.address) for slot, worker in self._workers.items()]

    def holder(self, session_id: str) -> str | None:
        """The address of the worker whose name begins the session's id; None where there is none of that
        name.
        """
        name = session_id.partition(".")[0]
        for worker in self._workers.values():
            if worker.name == name:
                return worker.address
        return None

    @property
    def settled(self) -> bool:
        """Whether every worker's name is known: a session that none of them begins is lost."""
        return bool(self._workers) and all(w.state in ("ready", "draining") for w in self._workers.values())

    def candidates(self) -> Sequence[tuple[str, str]]:
        """Slots and addresses of those that may take a new session, the least loaded first."""
        ready = [
            (worker.sessions / worker.capacity, slot, worker.address)
            for slot, worker in self._workers.items()
            if worker.state == "ready" and worker.sessions < worker.capacity
        ]
        return [(slot, address) for _, slot, address in sorted(ready)]

    def summary(self) -> str:
        """The workers and their states, for people."""
        if not self._workers:
            return "no workers"
        return ", ".join(f"{slot} {worker.state}" for slot, worker in self._workers.items())

    @property
    def ready(self) -> bool:
        """Whether any worker takes sessions."""
        return any(worker.state == "ready" for worker in self._workers.values())
