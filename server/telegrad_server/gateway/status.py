"""The methods of telegrad.v1.Cluster: how the workers behind a gateway are, and the orderly end of one."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from telegrad_proto import __version__
from telegrad_proto.channel import CLUSTER_SERVICE
from telegrad_proto.errors import ArgumentError, ServerUnavailableError
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.gateway.directory import Directory
from telegrad_server.gateway.guard import Context, guarded


class ClusterService:
    """Tells what the directory and the supervisor know.

    Args:
        directory: the workers.
        grace_s: how long a worker that drains may take.
    """

    def __init__(self, directory: Directory, grace_s: float) -> None:
        self._directory = directory
        self._grace_s = grace_s

    def handlers(self) -> grpc.GenericRpcHandler:
        """The methods for `add_generic_rpc_handlers`."""
        messages = cluster_pb2
        methods: dict[str, Any] = {
            "Status": grpc.unary_unary_rpc_method_handler(
                guarded(self.status),
                messages.StatusRequest.FromString,
                messages.StatusReply.SerializeToString,
            ),
            "Sessions": grpc.unary_unary_rpc_method_handler(
                guarded(self.sessions),
                messages.SessionsRequest.FromString,
                messages.SessionsReply.SerializeToString,
            ),
            "Drain": grpc.unary_unary_rpc_method_handler(
                guarded(self.drain), messages.DrainRequest.FromString, messages.DrainReply.SerializeToString
            ),
        }
        return grpc.method_handlers_generic_handler(CLUSTER_SERVICE, methods)

    async def status(self, _request: cluster_pb2.StatusRequest, _context: Context) -> cluster_pb2.StatusReply:
        """The workers, and what their supervisor knows of them."""
        reply = await self._directory.fleet.status()
        if reply is None:
            await self._directory.refresh()
            reply = cluster_pb2.StatusReply()
            for slot, address, state, pulse in self._directory.workers():
                worker = reply.workers.add(worker=slot, address=address, state=state)
                if pulse is not None:
                    worker.pulse.CopyFrom(pulse)
        reply.server_version = __version__
        return reply

    async def sessions(
        self, _request: cluster_pb2.SessionsRequest, _context: Context
    ) -> cluster_pb2.SessionsReply:
        """Every session of every worker that answers."""
        workers = [(slot, address) for slot, address, _, _ in self._directory.workers()]
        asked = [self._directory.prober.sessions(address) for _, address in workers]
        reply = cluster_pb2.SessionsReply()
        for (slot, _), sessions in zip(workers, await asyncio.gather(*asked), strict=True):
            if sessions is None:
                reply.silent.append(slot)
                continue
            for session in sessions:
                reply.sessions.add(worker=slot, session=session)
        return reply

    async def drain(self, request: cluster_pb2.DrainRequest, _context: Context) -> cluster_pb2.DrainReply:
        """Has a worker hand its sessions over and end.

        Raises:
            ArgumentError: there is none of that name.
            ServerUnavailableError: it does not answer.
        """
        known = {slot: (address, pulse) for slot, address, _, pulse in self._directory.workers()}
        if request.worker not in known:
            names = ", ".join(sorted(known)) or "none"
            raise ArgumentError(f"drain: no worker is called {request.worker!r}; there are: {names}")
        address, pulse = known[request.worker]
        if await self._directory.fleet.drain(request.worker):
            return cluster_pb2.DrainReply(sessions=0 if pulse is None else pulse.sessions)
        sessions = await self._directory.prober.leave(address, self._grace_s)
        if sessions is None:
            raise ServerUnavailableError(f"drain: {request.worker} does not answer")
        return cluster_pb2.DrainReply(sessions=sessions)
