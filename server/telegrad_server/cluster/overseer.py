"""Carries out what `core.supervision` decides: asks for heartbeats, starts and ends processes.

It knows workers by address and by the hands that start and end them; what those are (Ray's actors) it does
not know.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from telegrad_proto.v1 import cluster_pb2
from telegrad_server.api.probing import Prober
from telegrad_server.core.supervision import (
    BEAT_S,
    Beat,
    Command,
    Kill,
    Leave,
    Policy,
    Start,
    Supervision,
)

_log = logging.getLogger("telegrad.server")

_LOOKS_A_BEAT: Final = 2


class Hands(Protocol):
    """How worker processes are started and ended."""

    async def start(self, name: str, *, spare: bool) -> str:
        """The address of a new process, once it listens; what is raised is the reason why there is none."""

    async def kill(self, name: str) -> None:
        """Ends a process at once, or what there is of it."""


class Overseer:
    """Keeps the workers as they should be. Everything happens on one event loop.

    Args:
        policy: how many there should be.
        hands: starts and ends them.
        token: what they ask for, if they do.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        policy: Policy,
        hands: Hands,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.core = Supervision(policy)
        self._hands = hands
        self._prober = Prober(token)
        self._clock = clock
        self._pulses: dict[str, cluster_pb2.Pulse] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._due: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._told = ""
        self._stopping = False

    def adopt(self, found: Iterable[tuple[str, str]]) -> None:
        """Takes over processes, by name and address, that an earlier supervisor started."""
        for number, (name, address) in enumerate(found):
            active = number < self.core.policy.least
            self.core.found(name, address, self._clock(), active=active)

    async def run(self) -> None:
        """Watches until it is stopped."""
        while not self._stopping:
            now = self._clock()
            self._obey(self.core.tick(now))
            for name, process in self.core.processes.items():
                idle = name not in self._asking or self._asking[name].done()
                if process.address and idle and now >= self._due.get(name, now):
                    self._due[name] = now + BEAT_S
                    self._asking[name] = asyncio.ensure_future(self._ask(name, process.address))
            for name in [n for n in self._asking if n not in self.core.processes]:
                self._asking.pop(name).cancel()
                self._due.pop(name, None)
                self._pulses.pop(name, None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), BEAT_S / _LOOKS_A_BEAT)
                self._due.clear()
            self._wake.clear()

    async def first(self, timeout_s: float) -> str | None:
        """None once a worker answers, else why none does; empty where it only takes long."""
        deadline = self._clock() + timeout_s
        while True:
            if any(p.active and p.beat is not None for p in self.core.processes.values()):
                return None
            if self.core.record.failed_starts:
                return self.core.record.reason
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, deadline - self._clock()))
            except TimeoutError:
                return ""

    def hurry(self) -> None:
        """Looks at all of them now."""
        self._wake.set()

    def places(self) -> dict[str, str]:
        """The addresses of the workers that sessions may be on, by name."""
        return {p.name: p.address for p in self.core.active(self._clock())}

    def drain(self, name: str) -> bool:
        """Has a worker hand its sessions over; False where there is none of that name."""
        if name not in self.core.processes:
            return False
        self._obey(self.core.drain(name, self._clock()))
        return True

    def status(self) -> cluster_pb2.StatusReply:
        """All that is known."""
        now, core, record = self._clock(), self.core, self.core.record
        reply = cluster_pb2.StatusReply(
            supervised=True,
            desired=core.desired,
            min_workers=core.policy.least,
            max_workers=core.policy.most,
            spares=core.policy.spares,
            replaced=record.replaced,
            failed_starts=record.failed_starts,
            circuit_open=record.circuit_open,
            reason=record.reason,
        )
        for process in core.processes.values():
            worker = reply.workers.add(worker=process.name, address=process.address, state=process.state(now))
            worker.silent_s = now - process.answered_at
            if (pulse := self._pulses.get(process.name)) is not None:
                worker.pulse.CopyFrom(pulse)
        return reply

    async def stop(self, grace_s: float) -> None:
        """Ends every worker: in order within its grace, then at once."""
        self._stopping = True
        self.hurry()
        for task in (*self._asking.values(), *self._tasks):
            task.cancel()
        addresses = [p.address for p in self.core.processes.values() if p.address]
        await asyncio.gather(*(self._prober.leave(address, grace_s) for address in addresses))
        deadline = self._clock() + grace_s
        while addresses and self._clock() < deadline:
            answers = await asyncio.gather(*(self._prober.beat(address) for address in addresses))
            addresses = [a for a, answer in zip(addresses, answers, strict=True) if answer != "gone"]
            await asyncio.sleep(0.02)
        await asyncio.gather(*(self._hands.kill(name) for name in self.core.processes))
        await self._prober.keep_only(set())

    def _obey(self, commands: Iterable[Command]) -> None:
        self._news.set()
        if self.core.record.reason != self._told:
            self._told = self.core.record.reason
            _log.warning("%s", self._told)
        for command in commands:
            match command:
                case Start(name, spare):
                    _log.info("%s is started", name)
                    self._spawn(self._start(name, spare=spare))
                case Kill(name):
                    _log.info("%s is ended", name)
                    self._spawn(self._hands.kill(name))
                case Leave(name):
                    _log.info("%s hands its sessions over", name)
                    address = self.core.processes[name].address
                    self._spawn(self._leave(name, address))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a worker could not be ended", exc_info=error)

    async def _start(self, name: str, *, spare: bool) -> None:
        try:
            address = await self._hands.start(name, spare=spare)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is the reason
            # Ray's text is the worker's whole traceback; its last line is the reason.
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self._obey(self.core.lost(name, f"{name} did not start: {lines[-1].strip()}", self._clock()))
        else:
            self.core.located(name, address)
            self.hurry()

    async def _leave(self, name: str, address: str) -> None:
        if not address or await self._prober.leave(address, self.core.policy.grace_s) is None:
            self._obey(self.core.lost(name, f"{name} did not answer", self._clock()))

    async def _ask(self, name: str, address: str) -> None:
        answer = await self._prober.beat(address)
        now = self._clock()
        match answer:
            case cluster_pb2.Pulse():
                self._pulses[name] = answer
                self._obey(self.core.beaten(name, _beat(answer), now))
            case "gone":
                self._obey(self.core.lost(name, f"{name} ended", now))
            case "busy":
                self.core.alive(name, now)
            case "silent":
                pass


def _beat(pulse: cluster_pb2.Pulse) -> Beat:
    return Beat(
        serving=pulse.serving,
        sessions=pulse.sessions,
        capacity=pulse.capacity,
        held_bytes=pulse.held_bytes,
        limit_bytes=pulse.limit_bytes,
        busy_s=pulse.busy_s,
    )
