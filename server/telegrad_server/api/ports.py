"""What the servicer needs from the process that it serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2


class Sink(Protocol):
    """Takes a payload's bytes as they come; what is never finished is forgotten."""

    def write(self, data: bytes) -> None: ...
    def finish(self) -> object: ...


class Session(Protocol):
    """One session, safe to call from the threads of several calls."""

    @property
    def session_id(self) -> str: ...
    @property
    def applied_seq(self) -> int: ...
    def resume(self, answered_seq: int) -> None: ...
    def apply(self, request: bytes, fragment: session_pb2.Fragment) -> bytes: ...
    def cancel(self, seq: int) -> bool: ...
    def put(self, digest: bytes, size_bytes: int) -> Sink: ...
    def finish(self, sink: Sink) -> None: ...
    def missing(self, digests: list[bytes]) -> list[bytes]: ...
    def get(self, value_id: int) -> tuple[Spec, memoryview]: ...
    def residuals(self) -> session_pb2.ResidualsReply: ...


class Stream:
    """One attached stream.

    Attributes:
        number: its name in the session table.
        session: what it serves.
        cancel: ends the call from outside.
        idle: whether it waits for its client; only then may a server that shuts down cut it.
    """

    __slots__ = ("cancel", "idle", "number", "session")

    def __init__(self, number: int, session: Session, cancel: Callable[[], object]) -> None:
        self.number = number
        self.session = session
        self.cancel = cancel
        self.idle = False


class Sessions(Protocol):
    """The sessions of a process."""

    @property
    def draining(self) -> bool: ...
    @property
    def lease_s(self) -> float: ...
    def attach(self, session_id: str, cancel: Callable[[], object]) -> Stream: ...
    def ended(self, stream: Stream) -> None: ...
    def close(self, stream: Stream) -> None: ...
    def find(self, session_id: str) -> Session: ...
    def __len__(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def name(self) -> str: ...
