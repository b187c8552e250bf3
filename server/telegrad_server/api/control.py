"""The methods of telegrad.v1.Worker: how a worker is, which sessions it has, and its orderly end."""

from __future__ import annotations

from typing import Any, Protocol

import grpc

from telegrad_proto.channel import WORKER_SERVICE
from telegrad_proto.v1 import cluster_pb2


class Controlled(Protocol):
    """What these methods need of a worker."""

    def pulse(self) -> cluster_pb2.Pulse: ...
    def listing(self) -> list[cluster_pb2.SessionInfo]: ...
    def leave(self, grace_s: float) -> None: ...


class WorkerControl:
    """Answers a supervisor and gateways; whoever has the worker's token may ask."""

    def __init__(self, worker: Controlled) -> None:
        self._worker = worker

    def beat(self, request: cluster_pb2.BeatRequest, context: grpc.ServicerContext) -> cluster_pb2.Pulse:
        """How the worker is."""
        return self._worker.pulse()

    def list_sessions(
        self, request: cluster_pb2.ListSessionsRequest, context: grpc.ServicerContext
    ) -> cluster_pb2.SessionList:
        """The sessions that live here."""
        return cluster_pb2.SessionList(sessions=self._worker.listing())

    def leave(
        self, request: cluster_pb2.LeaveRequest, context: grpc.ServicerContext
    ) -> cluster_pb2.LeaveReply:
        """Has the worker hand its sessions over and end; returns at once."""
        sessions = self._worker.pulse().sessions
        self._worker.leave(request.grace_s)
        return cluster_pb2.LeaveReply(sessions=sessions)


def control_handlers(control: WorkerControl) -> grpc.GenericRpcHandler:
    """The methods for `add_generic_rpc_handlers`."""
    messages = cluster_pb2
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Beat": grpc.unary_unary_rpc_method_handler(
            control.beat, messages.BeatRequest.FromString, messages.Pulse.SerializeToString
        ),
        "ListSessions": grpc.unary_unary_rpc_method_handler(
            control.list_sessions,
            messages.ListSessionsRequest.FromString,
            messages.SessionList.SerializeToString,
        ),
        "Leave": grpc.unary_unary_rpc_method_handler(
            control.leave, messages.LeaveRequest.FromString, messages.LeaveReply.SerializeToString
        ),
    }
    return grpc.method_handlers_generic_handler(WORKER_SERVICE, methods)
