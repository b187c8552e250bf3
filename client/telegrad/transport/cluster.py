"""A gateway asked how its workers are; one call each, nothing kept open."""

from __future__ import annotations

from typing import Any, Final

import grpc

from telegrad.transport.channels import Channels
from telegrad_proto.channel import CLUSTER_SERVICE
from telegrad_proto.errors import TelegradError, VersionError
from telegrad_proto.v1 import cluster_pb2

_ASK_S: Final = 10.0


class ClusterChannel:
    """The way to a cluster through the first of its gateways that answers.

    Args:
        address: "host:port" of a gateway, or several with commas between.
        token: what they ask for, if they do.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self._address: Final = address
        self._token: Final = token

    def status(self) -> cluster_pb2.StatusReply:
        """The workers, and what their supervisor knows of them."""
        reply: cluster_pb2.StatusReply = self._ask(
            "Status", cluster_pb2.StatusRequest(), cluster_pb2.StatusReply
        )
        return reply

    def sessions(self) -> cluster_pb2.SessionsReply:
        """The sessions of all workers."""
        reply: cluster_pb2.SessionsReply = self._ask(
            "Sessions", cluster_pb2.SessionsRequest(), cluster_pb2.SessionsReply
        )
        return reply

    def drain(self, worker: str) -> int:
        """Has a worker hand its sessions over and end; how many there are."""
        request = cluster_pb2.DrainRequest(worker=worker)
        return int(self._ask("Drain", request, cluster_pb2.DrainReply).sessions)

    def _ask(self, name: str, request: Any, reply: Any) -> Any:
        with Channels(self._address, self._token) as channels:

            def ask(channel: grpc.Channel) -> Any:
                method = channel.unary_unary(
                    f"/{CLUSTER_SERVICE}/{name}", type(request).SerializeToString, reply.FromString
                )
                return method(request, metadata=channels.metadata(), timeout=_ASK_S)

            return channels.first(ask, told=_told)


def _told(error: TelegradError, address: str) -> TelegradError:
    if isinstance(error, VersionError):
        return VersionError(f"{address} is a single worker, not the gateway of a cluster")
    return error
