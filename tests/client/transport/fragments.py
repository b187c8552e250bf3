"""What the tests of the transports send, and what has arrived."""

from __future__ import annotations

from telegrad_proto.v1 import session_pb2
from tests.server.fakes import FakeWorker

DATA = bytes(range(256)) * 10_000


def fragment(seq: int, *fetches: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(seq=seq, fetches=fetches)


def applied(worker: FakeWorker) -> list[int]:
    """The numbers of the fragments that the first session applied."""
    return worker.engines[0].applied
