"""Which worker processes there should be: started, watched, replaced, drained. Events in, commands out.

A process is never restarted under its name: one that is lost gets a successor with another name, so that
nobody takes an empty worker for the one that held a session. A spare is a process that is ready and not given
out; it takes the place of one that is lost at once, and another spare is started behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from telegrad_server.core.scaling import Load, Scaler

State = Literal["starting", "spare", "ready", "suspect", "draining"]

#: Heartbeats are asked for twice a second. After two seconds of silence a worker is suspect, after four
#: it is killed and replaced: a client waits less than five seconds for what froze.
BEAT_S: Final = 0.5
SUSPECT_AFTER_S: Final = 2.0
DEAD_AFTER_S: Final = 4.0

#: A process that is alive but too busy to answer (an operator that keeps the interpreter's lock) is left
#: alone for this long.
HUNG_AFTER_S: Final = 120.0

#: How long a process may take to its first heartbeat: on a busy machine Ray needs its time.
START_S: Final = 60.0

#: A process that ends sooner than this after its first heartbeat counts as a start that failed.
STABLE_S: Final = 1.0

#: The pause before the next start, after as many failed ones in a row; the circuit is open from the last on.
BACK_OFF_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 30.0)

#: Beyond its grace, a process that drains is given this long to end by itself.
_DRAIN_EXTRA_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker's heartbeat says.

    Attributes:
        serving: whether it takes new sessions.
        sessions: how many it has.
        capacity: how many it can have.
        held_bytes: what they hold.
        limit_bytes: what they may hold together; 0: no bound.
        busy_s: seconds spent computing since it started.
    """

    serving: bool = True
    sessions: int = 0
    capacity: int = 64
    held_bytes: int = 0
    limit_bytes: int = 0
    busy_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Start:
    """Start a process of this name; a spare takes no room that workers or jobs could need."""

    name: str
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """End the process at once, whatever it does."""

    name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Tell the worker to hand its sessions over and end."""

    name: str


Command = Start | Kill | Leave


@dataclass(frozen=True, slots=True)
class Policy:
    """How many workers.

    Attributes:
        least: never fewer.
        most: never more.
        spares: ready processes beside them.
        grace_s: how long a worker that drains may take.
    """

    least: int
    most: int
    spares: int = 0
    grace_s: float = 10.0


@dataclass(slots=True)
class Process:
    """One worker process, as far as the supervisor knows.

    Attributes:
        name: worker-0 and so on, each used once.
        active: whether sessions are placed there; a spare is not.
        started_at: when its start was asked for.
        address: where it listens; empty until it says so.
        beat: the last heartbeat.
        first_beat_at: when the first came.
        heard_at: when it last gave a sign of life.
        answered_at: when it last answered itself; a busy one gives signs of life without.
        leaving_at: when it was told to leave.
        busy_share: how much of the time it computed lately.
    """

    name: str
    active: bool
    started_at: float
    address: str = ""
    beat: Beat | None = None
    first_beat_at: float | None = None
    heard_at: float = 0.0
    answered_at: float = 0.0
    leaving_at: float | None = None
    busy_share: float = 0.0

    def state(self, now: float) -> State:
        """What to call it."""
        if self.leaving_at is not None:
            return "draining"
        if self.beat is None:
            return "starting"
        if now - self.heard_at >= SUSPECT_AFTER_S:
            return "suspect"
        return "ready" if self.active else "spare"


@dataclass(slots=True)
class Record:
    """What went wrong so far.

    Attributes:
        replaced: processes that were lost and got a successor.
        failed_starts: in a row.
        reason: of the last loss or failed start.
        next_start_at: no start before.
    """

    replaced: int = 0
    failed_starts: int = 0
    reason: str = ""
    next_start_at: float = 0.0

    @property
    def circuit_open(self) -> bool:
        """Whether starts fail so steadily that they are only tried now and then."""
        return self.failed_starts >= len(BACK_OFF_S) - 1


@dataclass(slots=True)
class Supervision:
    """The processes of a cluster. Each method is an event; it returns what to do, in this order.

    Attributes:
        policy: how many there should be.
        processes: by name.
        record: what went wrong.
    """

    policy: Policy
    processes: dict[str, Process] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    _scaler: Scaler = field(init=False)
    _numbered: int = 0
    _ticked_at: float | None = None

    def __post_init__(self) -> None:
        self._scaler = Scaler(self.policy.least, self.policy.most)

    @property
    def desired(self) -> int:
        """How many workers there should be now."""
        return self._scaler.desired

    def resize(self, policy: Policy) -> None:
        """The policy is another one; the next tick acts on it."""
        self.policy = policy
        scaler = self._scaler
        scaler.least, scaler.most = policy.least, policy.most
        scaler.desired = min(max(scaler.desired, policy.least), policy.most)

    def found(self, name: str, address: str, now: float, *, active: bool = True) -> None:
        """A process of an earlier supervisor is alive."""
        self._numbered = max(self._numbered, int(name.rpartition("-")[2]) + 1)
        self.processes[name] = Process(name, active, now, address, heard_at=now, answered_at=now)

    def located(self, name: str, address: str) -> None:
        """A process that was started says where it listens."""
        if (process := self.processes.get(name)) is not None:
            process.address = address

    def beaten(self, name: str, beat: Beat, now: float) -> tuple[Command, ...]:
        """A heartbeat came."""
        process = self.processes.get(name)
        if process is None:
            return ()
        before = process.beat
        if before is None:
            process.first_beat_at = now
        elif now > process.answered_at:
            share = max(0.0, beat.busy_s - before.busy_s) / (now - process.answered_at)
            process.busy_share = 0.7 * process.busy_share + 0.3 * share
        process.beat, process.heard_at, process.answered_at = beat, now, now
        return tuple(self._decide(now))

    def alive(self, name: str, now: float) -> None:
        """No heartbeat came, but the process itself gave a sign of life: it is busy, not frozen."""
        process = self.processes.get(name)
        if process is not None and now - process.answered_at < HUNG_AFTER_S:
            process.heard_at = now

    def lost(self, name: str, reason: str, now: float) -> tuple[Command, ...]:
        """The process is no more, or never came to be."""
        if name not in self.processes:
            return ()
        return (*self._remove(name, reason, now), *self._decide(now))

    def tick(self, now: float) -> tuple[Command, ...]:
        """Time went on."""
        late = 0.0 if self._ticked_at is None else now - self._ticked_at - SUSPECT_AFTER_S / 2
        self._ticked_at = now
        if late > 0:
            # This process itself got no time: the workers' silence meanwhile proves nothing.
            for process in self.processes.values():
                process.heard_at += late
                process.answered_at += late
        commands: list[Command] = []
        for process in list(self.processes.values()):
            if (reason := self._overdue(process, now)) is not None:
                commands += self._remove(process.name, reason, now)
        return (*commands, *self._decide(now))

    def drain(self, name: str, now: float) -> tuple[Command, ...]:
        """A worker is to hand its sessions over and end; another takes its place.

        Raises:
            KeyError: there is none of that name.
        """
        process = self.processes[name]
        if process.leaving_at is not None:
            return ()
        process.leaving_at = now
        process.active = False
        # Its successor first: the sessions need somewhere to go.
        return (*self._decide(now), Leave(name))

    def active(self, now: float) -> list[Process]:
        """The processes that clients may be sent to, those that drain among them."""
        return [p for p in self.processes.values() if p.address and (p.active or p.leaving_at is not None)]

    def _overdue(self, process: Process, now: float) -> str | None:
        """Why a process has to be ended; None where it has not."""
        if process.leaving_at is not None:
            if now - process.leaving_at < self.policy.grace_s + _DRAIN_EXTRA_S:
                return None
            return f"{process.name} was drained and did not end in time"
        if process.beat is None:
            if now - process.started_at < START_S:
                return None
            return f"{process.name} gave no sign of life within {START_S:g} s"
        if now - process.heard_at < DEAD_AFTER_S:
            return None
        return f"{process.name} did not answer for {now - process.answered_at:.1f} s"

    def _remove(self, name: str, reason: str, now: float) -> tuple[Command, ...]:
        process = self.processes.pop(name)
        # Killed in any case: what is believed dead must not come back and serve.
        if process.leaving_at is not None:
            return (Kill(name),)
        record = self.record
        record.reason = reason
        if process.first_beat_at is None or now - process.first_beat_at < STABLE_S:
            record.failed_starts += 1
            pause = BACK_OFF_S[min(record.failed_starts - 1, len(BACK_OFF_S) - 1)]
            record.next_start_at = now + pause
        else:
            record.replaced += 1
        return (Kill(name),)

    def _decide(self, now: float) -> Iterator[Command]:
        stable = [p for p in self.processes.values() if p.first_beat_at and now - p.first_beat_at >= STABLE_S]
        if any(p.started_at >= self.record.next_start_at for p in stable):
            self.record.failed_starts = 0
        yield from self._fill(self._scaled(now), now)

    def _scaled(self, now: float) -> int:
        loads = [
            Load(p.busy_share, _room_share(p.beat))
            for p in self.processes.values()
            if p.active and p.beat is not None
        ]
        return self._scaler.decide(loads, now)

    def _fill(self, desired: int, now: float) -> Iterator[Command]:
        """Brings the number of active processes and of spares to what it should be."""
        staying = [p for p in self.processes.values() if p.leaving_at is None]
        active = [p for p in staying if p.active]
        spares = sorted((p for p in staying if not p.active), key=lambda p: (p.beat is None, p.started_at))
        while len(active) < desired and spares:
            promoted = spares.pop(0)
            promoted.active = True
            active.append(promoted)
        while len(active) < desired and self._may_start(now):
            process = self._start(now, active=True)
            active.append(process)
            yield Start(process.name)
        if len(active) > desired:
            # The one with the least to hand over.
            process = min(active, key=_weight)
            process.leaving_at, process.active = now, False
            yield Leave(process.name)
        settled = len(active) >= desired and all(p.beat is not None for p in active)
        if settled and len(spares) < self.policy.spares and self._may_start(now):
            yield Start(self._start(now, active=False).name, spare=True)
        for spare in spares[self.policy.spares :]:
            del self.processes[spare.name]
            yield Kill(spare.name)

    def _may_start(self, now: float) -> bool:
        record = self.record
        if now < record.next_start_at:
            return False
        # After a failure one at a time, until one holds.
        return not (record.failed_starts and any(p.beat is None for p in self.processes.values()))

    def _start(self, now: float, *, active: bool) -> Process:
        process = Process(f"worker-{self._numbered}", active, now, heard_at=now, answered_at=now)
        self._numbered += 1
        self.processes[process.name] = process
        return process


def _room_share(beat: Beat) -> float:
    memory = beat.held_bytes / beat.limit_bytes if beat.limit_bytes else 0.0
    return max(beat.sessions / max(beat.capacity, 1), memory)


def _weight(process: Process) -> tuple[int, int, float]:
    beat = process.beat or Beat()
    return beat.sessions, beat.held_bytes, -process.started_at
