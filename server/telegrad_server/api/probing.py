"""Asks a worker how it is, and tells silence from absence."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

import grpc

from telegrad_proto.channel import CHANNEL_OPTIONS, TOKEN_KEY, WORKER_SERVICE
from telegrad_proto.v1 import cluster_pb2

_PROBE_S: Final = 1.0
_SIGN_OF_LIFE_S: Final = 0.7

#: "busy": it does not answer, but the process lives; "silent": nothing comes; "gone": nobody listens there.
Failure = Literal["busy", "silent", "gone"]


class Prober:
    """Connections to workers; everything happens on one event loop.

    Args:
        token: presented with every call, if given.
    """

    def __init__(self, token: str | None) -> None:
        self._metadata = () if token is None else ((TOKEN_KEY, f"Bearer {token}"),)
        self._channels: dict[str, grpc.aio.Channel] = {}

    def channel(self, address: str) -> grpc.aio.Channel:
        """The connection to an address, one for all calls."""
        channel = self._channels.get(address)
        if channel is None:
            channel = self._channels[address] = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        return channel

    async def beat(self, address: str) -> cluster_pb2.Pulse | Failure:
        """The worker's heartbeat, or why there is none."""
        try:
            pulse: cluster_pb2.Pulse = await self._ask(
                address, "Beat", cluster_pb2.BeatRequest(), cluster_pb2.Pulse, _PROBE_S
            )
            return pulse
        except grpc.aio.AioRpcError:
            pass
        sign = asyncio.ensure_future(greets(address))
        try:
            if await _is_refused(address):
                return "gone"
            return "busy" if await sign else "silent"
        finally:
            sign.cancel()
            await asyncio.wait({sign})

    async def sessions(self, address: str) -> list[cluster_pb2.SessionInfo] | None:
        """The sessions that live there; None where nobody answers."""
        request = cluster_pb2.ListSessionsRequest()
        try:
            reply = await self._ask(address, "ListSessions", request, cluster_pb2.SessionList, _PROBE_S)
        except grpc.aio.AioRpcError:
            return None
        return list(reply.sessions)

    async def leave(self, address: str, grace_s: float) -> int | None:
        """Tells the worker to hand its sessions over and end: how many; None where nobody answers."""
        request = cluster_pb2.LeaveRequest(grace_s=grace_s)
        try:
            reply = await self._ask(address, "Leave", request, cluster_pb2.LeaveReply, _PROBE_S)
        except grpc.aio.AioRpcError:
            return None
        return int(reply.sessions)

    async def keep_only(self, addresses: set[str]) -> None:
        """Ends the connections to all others."""
        for address in [a for a in self._channels if a not in addresses]:
            await self._channels.pop(address).close()

    async def end(self, address: str) -> None:
        """Ends the connection to an address, and the calls on it; the next call makes another."""
        channel = self._channels.pop(address, None)
        if channel is not None:
            await channel.close()

    async def _ask(self, address: str, name: str, request: Any, reply: Any, timeout_s: float) -> Any:
        ask = self.channel(address).unary_unary(
            f"/{WORKER_SERVICE}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=reply.FromString,
        )
        call = ask(request, metadata=self._metadata, timeout=timeout_s)
        try:
            return await call
        finally:
            call.cancel()


async def _is_refused(address: str) -> bool:
    """Whether the machine there says that nobody listens."""
    host, _, port = address.rpartition(":")
    try:
        opened = asyncio.open_connection(host.strip("[]"), int(port))
        _, writer = await asyncio.wait_for(opened, _SIGN_OF_LIFE_S)
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    return False


async def greets(address: str) -> bool:
    """Whether the process greets a new connection.

    gRPC does that in threads of its own, without the interpreter's lock: a process that is busy in an
    operator that keeps the lock greets, one that is frozen does not.
    """
    channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
    try:
        await asyncio.wait_for(channel.channel_ready(), _SIGN_OF_LIFE_S)
    except TimeoutError:
        return False
    else:
        return True
    finally:
        await channel.close()
