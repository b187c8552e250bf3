"""A gateway's gRPC server: started, drained, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from telegrad_proto.channel import SERVER_OPTIONS, SERVICE
from telegrad_server.api.access import Gate
from telegrad_server.api.faults import wire_form
from telegrad_server.api.reflection import add_reflection
from telegrad_server.ending import EndingSignal
from telegrad_server.gateway.directory import Directory
from telegrad_server.gateway.fleet import Fleet
from telegrad_server.gateway.programs import ProgramRelay
from telegrad_server.gateway.relay import Relay
from telegrad_server.gateway.status import ClusterService

_log = logging.getLogger("telegrad.server")

#: The methods of a service, given the way to the workers.
Service = Callable[[Directory], grpc.GenericRpcHandler]

#: Said now and then while no worker is ready.
_PATIENCE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How a gateway serves.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        token: what clients must present, or None.
        grace_s: how long running requests get when the gateway ends.
        reflection: whether anybody may list the service's messages.
    """

    host: str
    port: int
    token: str | None
    grace_s: float
    reflection: bool


class _GateInterceptor(grpc.aio.ServerInterceptor):
    """Turns away who has no token before anything of the request is read."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        refusal = self._gate.refusal(
            handler_call_details.method, handler_call_details.invocation_metadata or ()
        )
        if refusal is None or handler is None:
            return handler

        async def refuse(_request: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            code, text, trailing = wire_form(refusal)
            context.set_trailing_metadata(trailing)
            await context.abort(code, text)

        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        return make(refuse)


def serve_gateway(
    settings: GatewaySettings,
    fleet: Fleet,
    announce: Callable[[str], None],
    services: Sequence[Service] = (),
) -> None:
    """Serves until the process is told to end.

    Args:
        settings: how.
        fleet: the workers.
        announce: told the address once a worker is ready.
        services: what it serves beside sessions.

    Raises:
        OSError: the address cannot be listened on.
    """
    asyncio.run(_serve(settings, fleet, announce, services))


async def _serve(
    settings: GatewaySettings, fleet: Fleet, announce: Callable[[str], None], services: Sequence[Service]
) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    EndingSignal(lambda: loop.call_soon_threadsafe(ending.set))
    directory = Directory(fleet, settings.token)
    relay = Relay(directory)
    server = grpc.aio.server(interceptors=(_GateInterceptor(Gate(settings.token)),), options=SERVER_OPTIONS)
    cluster = ClusterService(directory, settings.grace_s)
    server.add_generic_rpc_handlers(
        (
            relay.handlers(),
            ProgramRelay(directory).handlers(),
            cluster.handlers(),
            *(service(directory) for service in services),
        )
    )
    status = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    if settings.reflection:
        add_reflection(server)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        port = server.add_insecure_port(f"{host}:{settings.port}")
    except RuntimeError as error:
        raise OSError(
            f"cannot listen on {host}:{settings.port}: the port is taken, or the address is not here"
        ) from error
    tasks = [
        asyncio.ensure_future(directory.watch()),
        asyncio.ensure_future(_tell_health(directory, status)),
    ]
    try:
        await server.start()
        if await _ready_or_ending(directory, ending):
            announce(f"{host}:{port}")
        await ending.wait()
        _log.info("shutting down")
        await status.enter_graceful_shutdown()
        stopped = asyncio.ensure_future(server.stop(settings.grace_s))
        # A moment for the listener to close: a client that is cut off now must not come back here.
        await asyncio.sleep(0)
        relay.drain()
        await stopped
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await directory.close()
        await fleet.close()


async def _ready_or_ending(directory: Directory, ending: asyncio.Event) -> bool:
    """Whether a worker became ready before the process was told to end."""
    ready = asyncio.ensure_future(_until_ready(directory))
    end = asyncio.ensure_future(ending.wait())
    try:
        while not (ready.done() or end.done()):
            await asyncio.wait({ready, end}, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
            if not (ready.done() or end.done()):
                _log.warning("still waiting for a worker")
        return ready.done()
    finally:
        ready.cancel()
        end.cancel()


async def _until_ready(directory: Directory) -> None:
    while not directory.ready:
        await directory.looked()


async def _tell_health(directory: Directory, status: Any) -> None:
    """Keeps the health service's answer the same as the directory's."""
    known: bool | None = None
    while True:
        if directory.ready != known:
            known = directory.ready
            value = (
                health_pb2.HealthCheckResponse.SERVING
                if known
                else health_pb2.HealthCheckResponse.NOT_SERVING
            )
            for name in ("", SERVICE):
                await status.set(name, value)
        await directory.looked()
