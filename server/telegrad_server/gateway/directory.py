"""Keeps the registry of workers true: asks where they are, and each how it is, twice a second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from typing import Final

import grpc

from telegrad_proto.errors import CapacityError, ServerUnavailableError, SessionNotFoundError
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.api.probing import Prober
from telegrad_server.core.registry import Registry, Report, State
from telegrad_server.core.supervision import BEAT_S
from telegrad_server.gateway.fleet import Fleet

_log = logging.getLogger("telegrad.server")

_LOCATE_S: Final = 2.0


class Directory:
    """Finds the worker for a call. Everything happens on one event loop.

    Args:
        fleet: where the workers come from.
        token: what the workers ask for, if they do.
    """

    def __init__(self, fleet: Fleet, token: str | None = None) -> None:
        self.fleet = fleet
        self.prober = Prober(token)
        self._registry = Registry()
        self._pulses: dict[str, cluster_pb2.Pulse] = {}
        self._looked = asyncio.Condition()
        self._probing: dict[str, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether any worker takes sessions."""
        return self._registry.ready

    def holder(self, session_id: str) -> grpc.aio.Channel:
        """The way to the worker that holds the session.

        Raises:
            ServerUnavailableError: it is not known yet who some worker is, and it may be that one.
            SessionNotFoundError: it is on none of the workers that live.
        """
        address = self._registry.holder(session_id)
        if address is not None:
            return self.prober.channel(address)
        if not self._registry.settled:
            raise ServerUnavailableError(
                f"the worker of session {session_id} does not answer ({self._registry.summary()})"
            )
        raise SessionNotFoundError(
            f"session {session_id}: not known here; its worker was restarted, or it was never one of ours",
            session_id=session_id,
        )

    async def named(self, session_id: str) -> grpc.aio.Channel | None:
        """The way to the worker where a named session lives, if it lives: they are all asked."""
        addresses = [address for _, address in self._registry.slots()]
        for address, sessions in zip(
            addresses, await asyncio.gather(*map(self.prober.sessions, addresses)), strict=True
        ):
            if any(session.session_id.endswith(session_id) for session in sessions or ()):
                return self.prober.channel(address)
        return None

    def candidates(self) -> Iterable[tuple[str, grpc.aio.Channel]]:
        """Workers for a new session, the best first.

        Raises:
            CapacityError: all are full.
            ServerUnavailableError: none answers.
        """
        found = self._registry.candidates()
        if not found:
            text = self._registry.summary()
            if self._registry.ready:
                raise CapacityError(f"every worker has all the sessions that it can hold ({text})")
            trouble = f"; {self.fleet.trouble}" if self.fleet.trouble else ""
            raise ServerUnavailableError(f"no worker is ready ({text}){trouble}")
        return [(slot, self.prober.channel(address)) for slot, address in found]

    @contextlib.contextmanager
    def placing(self, slot: str) -> Iterator[None]:
        """A session is begun there within the block, unless that fails."""
        self._registry.opening(slot)
        try:
            yield
            self._registry.placed(slot)
        finally:
            self._registry.arrived(slot)

    def hurry(self) -> None:
        """A call to a worker failed: the next look at them all is now."""
        self._hurry.set()

    def workers(self) -> list[tuple[str, str, State, cluster_pb2.Pulse | None]]:
        """Every worker: its slot, address, state, and last heartbeat."""
        return [
            (slot, address, self._registry.state(slot) or "new", self._pulses.get(slot))
            for slot, address in self._registry.slots()
        ]

    async def looked(self) -> None:
        """Returns after the next round of probes."""
        async with self._looked:
            await self._looked.wait()

    async def watch(self) -> None:
        """Probes for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_S
            await self.refresh()
            async with self._looked:
                self._looked.notify_all()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), max(0.0, due - loop.time()))
                await self.fleet.hurry()
            self._hurry.clear()

    async def refresh(self) -> None:
        """Asks for the workers' places, and then each worker how it is.

        Who answers is known when this returns; who does not is waited for by the next rounds.
        """
        try:
            places = await asyncio.wait_for(self.fleet.locate(), _LOCATE_S)
        except Exception:  # noqa: BLE001  # whatever it was: those that are known go on to serve
            _log.warning("the places of the workers are not known", exc_info=True)
        else:
            for slot, _ in self._registry.slots():
                if slot not in places:
                    self._registry.remove(slot)
                    self._pulses.pop(slot, None)
            for slot, address in places.items():
                self._registry.locate(slot, address)
        slots = self._registry.slots()
        probes = []
        for slot, address in slots:
            if slot not in self._probing or self._probing[slot].done():
                self._probing[slot] = asyncio.ensure_future(self._probe(slot, address))
            probes.append(self._probing[slot])
        if probes:
            # One that hangs must not keep the news of the others waiting.
            await asyncio.wait(probes, timeout=BEAT_S)
        for address in self._registry.tick(asyncio.get_running_loop().time()):
            _log.info("the worker at %s is given up", address)
            # Who waits for an answer of a frozen worker is better served by another one.
            await self.prober.end(address)
        await self.prober.keep_only({address for _, address in slots})

    async def close(self) -> None:
        """Ends all connections."""
        for task in self._probing.values():
            task.cancel()
        await self.prober.keep_only(set())

    async def _probe(self, slot: str, address: str) -> None:
        self._registry.asked(slot)
        answer = await self.prober.beat(address)
        now = asyncio.get_running_loop().time()
        match answer:
            case cluster_pb2.Pulse():
                self._pulses[slot] = answer
                self._registry.answered(slot, _report(answer), now)
            case "gone":
                _log.info("worker %s at %s does not answer: nobody listens there", slot, address)
                self._registry.gone(slot, now)
                self._registry.failed(slot, now)
            case "silent":
                _log.info("worker %s at %s does not answer", slot, address)
                self._registry.failed(slot, now)
                if self._registry.state(slot) == "dead":
                    await self.prober.end(address)  # also who has come since
            case "busy":
                _log.info("worker %s at %s is too busy to answer", slot, address)
                self._registry.alive(slot, now)


def _report(pulse: cluster_pb2.Pulse) -> Report:
    return Report(
        pulse.name,
        pulse.serving,
        pulse.sessions,
        pulse.capacity,
        held_bytes=pulse.held_bytes,
        limit_bytes=pulse.limit_bytes,
        running=pulse.running,
    )
