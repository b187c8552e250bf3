"""A gateway asked how its workers are; one call each, nothing kept open."""

from __future__ import annotations

import secrets
from typing import Any, Final

import grpc

from telegrad.transport.connection import translate
from telegrad_proto.channel import CHANNEL_OPTIONS, CLUSTER_SERVICE, REQUEST_ID_KEY, TOKEN_KEY
from telegrad_proto.errors import ServerUnavailableError, VersionError
from telegrad_proto.v1 import cluster_pb2

_ASK_S: Final = 10.0


class ClusterChannel:
    """The way to a cluster through the first of its gateways that answers.

    Args:
        address: "host:port" of a gateway, or several with commas between.
        token: what they ask for, if they do.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self._addresses: Final = [part.strip() for part in address.split(",") if part.strip()]
        self._token = token

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
        lost: ServerUnavailableError | None = None
        for address in self._addresses:
            try:
                return self._ask_one(address, name, request, reply)
            except ServerUnavailableError as error:
                lost = error
        raise lost or ServerUnavailableError("no gateway was named")

    def _ask_one(self, address: str, name: str, request: Any, reply: Any) -> Any:
        options = list(CHANNEL_OPTIONS)
        if address.startswith(("127.", "localhost:", "[::1]:")):
            options.append(("grpc.enable_http_proxy", 0))
        metadata = [(REQUEST_ID_KEY, secrets.token_hex(8))]
        if self._token is not None:
            metadata.append((TOKEN_KEY, f"Bearer {self._token}"))
        with grpc.insecure_channel(address, options=options) as channel:
            method = channel.unary_unary(
                f"/{CLUSTER_SERVICE}/{name}", type(request).SerializeToString, reply.FromString
            )
            try:
                return method(request, metadata=tuple(metadata), timeout=_ASK_S)
            except grpc.RpcError as error:
                known = translate(error)
                if isinstance(known, VersionError):
                    raise VersionError(
                        f"{address} is a single worker, not the gateway of a cluster"
                    ) from None
                raise known from None
