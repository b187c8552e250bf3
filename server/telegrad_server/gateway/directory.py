"""Keeps the registry of workers true: probes each once a second, and has those that are dead replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

import grpc
from grpc_health.v1 import health_pb2

from telegrad_proto.channel import CAPACITY_KEY, CHANNEL_OPTIONS, SERVICE, SESSIONS_KEY, WORKER_KEY
from telegrad_proto.errors import CapacityError, ServerUnavailableError, SessionNotFoundError
from telegrad_server.core.registry import Registry, Replace, Report
from telegrad_server.gateway.fleet import Fleet

_log = logging.getLogger("telegrad.server")

_PERIOD_S: Final = 1.0
_PROBE_S: Final = 1.0


class Directory:
    """Finds the worker for a call. Everything happens on one event loop.

    Args:
        fleet: where the workers come from.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._registry = Registry()
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._looked = asyncio.Condition()
        self._replacing: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether any worker takes sessions."""
        return self._registry.ready

    def holder(self, session_id: str) -> grpc.aio.Channel:
        """The way to the worker that holds the session.

        Raises:
            ServerUnavailableError: a worker does not answer, and it may be that one.
            SessionNotFoundError: every worker answers, and it is none of them.
        """
        address = self._registry.holder(session_id)
        if address is not None:
            return self._channel(address)
        if not self._registry.settled:
            raise ServerUnavailableError(
                f"the worker of session {session_id} does not answer ({self._registry.summary()})"
            )
        raise SessionNotFoundError(
            f"session {session_id}: not known here; its worker was restarted, or it was never one of ours",
            session_id=session_id,
        )

    def candidates(self) -> Iterable[tuple[str, grpc.aio.Channel]]:
        """Workers for a new session, the least loaded first.

        Raises:
            CapacityError: all are full.
            ServerUnavailableError: none answers.
        """
        found = self._registry.candidates()
        if not found:
            text = self._registry.summary()
            if self._registry.ready:
                raise CapacityError(f"every worker has all the sessions that it can hold ({text})")
            raise ServerUnavailableError(f"no worker is ready ({text})")
        return [(slot, self._channel(address)) for slot, address in found]

    def placed(self, slot: str) -> None:
        """A session was begun there."""
        self._registry.placed(slot)

    async def looked(self) -> None:
        """Returns after the next round of probes."""
        async with self._looked:
            await self._looked.wait()

    async def watch(self) -> None:
        """Probes for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PERIOD_S
            await self.refresh()
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def refresh(self) -> None:
        """Asks for the workers' places, and then each worker how it is."""
        try:
            places = await self._fleet.locate()
        except Exception:  # noqa: BLE001  # whatever it was: those that are known go on to serve
            _log.warning("the places of the workers are not known", exc_info=True)
        else:
            for slot, _ in self._registry.slots():
                if slot not in places:
                    self._registry.remove(slot)
            for slot, address in places.items():
                self._registry.locate(slot, address)
        slots = self._registry.slots()
        await asyncio.gather(*(self._probe(slot, address) for slot, address in slots))
        known = {address for _, address in slots}
        for address in [a for a in self._channels if a not in known]:
            await self._channels.pop(address).close()

    async def close(self) -> None:
        """Ends all connections."""
        for task in self._replacing:
            task.cancel()
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    def _channel(self, address: str) -> grpc.aio.Channel:
        channel = self._channels.get(address)
        if channel is None:
            channel = self._channels[address] = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        return channel

    async def _probe(self, slot: str, address: str) -> None:
        check = self._channel(address).unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        call = check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=_PROBE_S)
        try:
            response = await call
            metadata = dict(await call.trailing_metadata() or ())
            report = Report(
                name=str(metadata[WORKER_KEY]),
                serving=response.status == health_pb2.HealthCheckResponse.SERVING,
                sessions=int(metadata[SESSIONS_KEY]),
                capacity=int(metadata[CAPACITY_KEY]),
            )
        except (grpc.aio.AioRpcError, KeyError, ValueError) as error:
            _log.info("worker %s at %s does not answer: %r", slot, address, error)
            for command in self._registry.failed(slot, asyncio.get_running_loop().time()):
                self._replace(command)
        else:
            self._registry.answered(slot, report)
        finally:
            call.cancel()

    def _replace(self, command: Replace) -> None:
        _log.warning("worker %s is dead and is replaced", command.slot)
        task = asyncio.ensure_future(self._fleet.replace(command.slot))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)
