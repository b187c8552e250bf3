"""gRPC as the transports use it: a channel, what each call carries along, what a failed call stands for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Final, Self, TypeVar

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from telegrad_proto.channel import CHANNEL_OPTIONS, REQUEST_ID_KEY, SESSION_KEY, TOKEN_KEY
from telegrad_proto.errors import (
    AccessError,
    CapacityError,
    InternalError,
    ServerUnavailableError,
    TelegradError,
    VersionError,
)
from telegrad_proto.status import STATUS_DETAILS_KEY, from_status

Metadata = tuple[tuple[str, str | bytes], ...]

_T = TypeVar("_T")

#: What gRPC's own errors mean where the server said nothing more. Whatever ends a call from below is a lost
#: connection: who made the call knows what it may repeat.
_KINDS: Final[dict[grpc.StatusCode, type[TelegradError]]] = {
    grpc.StatusCode.UNAVAILABLE: ServerUnavailableError,
    grpc.StatusCode.CANCELLED: ServerUnavailableError,
    grpc.StatusCode.UNKNOWN: ServerUnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: ServerUnavailableError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: CapacityError,
    grpc.StatusCode.UNAUTHENTICATED: AccessError,
    grpc.StatusCode.PERMISSION_DENIED: AccessError,
    grpc.StatusCode.UNIMPLEMENTED: VersionError,
}


def open_channel(address: str) -> grpc.Channel:
    """A channel to one address; a proxy that the environment names does not lead to this machine."""
    options = list(CHANNEL_OPTIONS)
    if address.startswith(("127.", "localhost:", "[::1]:")):
        options.append(("grpc.enable_http_proxy", 0))
    return grpc.insecure_channel(address, options=options)


def metadata_of(token: str | None, session_id: str = "") -> Metadata:
    """What one call carries along: an id of its own, the session it is for, the token."""
    metadata: list[tuple[str, str | bytes]] = [(REQUEST_ID_KEY, secrets.token_hex(8))]
    if session_id:
        metadata.append((SESSION_KEY, session_id))
    if token is not None:
        metadata.append((TOKEN_KEY, f"Bearer {token}"))
    return tuple(metadata)


def translate(error: grpc.RpcError | grpc.FutureCancelledError) -> TelegradError:
    """The telegrad error that a failed call stands for: the server's own words where it sent them."""
    if not isinstance(error, grpc.Call):
        return ServerUnavailableError("the call was ended on this side")
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY:
            try:
                return from_status(status_pb2.Status.FromString(value))
            except DecodeError:
                break
    code, text = error.code(), error.details() or "no details"
    kind = _KINDS.get(code, InternalError)
    if kind is VersionError:
        text = f"what answers does not know telegrad's service ({text})"
    return kind(f"{text} ({code.name})", code=code.name)


class Channels:
    """Channels for calls that belong to no session: one an address, opened when it is first asked.

    Args:
        address: "host:port", or several with commas between.
        token: presented with every call, if given.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self.addresses: Final = tuple(part.strip() for part in address.split(",") if part.strip())
        self._token: Final = token
        self._lock: Final = Lock()
        self._open: dict[str, grpc.Channel] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def to(self, address: str) -> grpc.Channel:
        """The channel to one of the addresses."""
        with self._lock:
            channel = self._open.get(address)
            if channel is None:
                channel = self._open[address] = open_channel(address)
            return channel

    def metadata(self) -> Metadata:
        """What the next call carries along."""
        return metadata_of(self._token)

    def first(
        self, ask: Callable[[grpc.Channel], _T], *, told: Callable[[TelegradError, str], TelegradError]
    ) -> _T:
        """What the first server that can be reached answers.

        Args:
            ask: makes the call over a channel.
            told: the error to raise for one that came from an address.

        Raises:
            ServerUnavailableError: none can be reached.
        """
        lost: ServerUnavailableError | None = None
        for address in self.addresses:
            try:
                return ask(self.to(address))
            except grpc.RpcError as error:
                failure = translate(error)
                if not isinstance(failure, ServerUnavailableError):
                    raise told(failure, address) from None
                lost = failure
        raise lost or ServerUnavailableError("no gateway was named")

    def close(self) -> None:
        """Ends the connections; they can be opened again."""
        with self._lock:
            for channel in self._open.values():
                channel.close()
            self._open.clear()
