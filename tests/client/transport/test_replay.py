"""A session brought to where it was, on a server that does what the test says."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

import pytest

from telegrad.transport.claim import Claim
from telegrad.transport.connection import Connection, Stream
from telegrad.transport.journal import Journal
from telegrad.transport.replay import replay
from telegrad_proto.envelope import enclose
from telegrad_proto.errors import OutOfMemoryError, ServerUnavailableError, SessionLostError, TelegradError
from telegrad_proto.payload import digest_of
from telegrad_proto.status import to_status
from telegrad_proto.v1 import graph_pb2, session_pb2

DATA = b"payload"


class FakeServer:
    """A stream and a connection in one: answers every fragment, and notes what came in which order."""

    def __init__(self, *, fails: int = 0, ends: int = 0) -> None:
        self.came: list[object] = []
        self._fails = fails
        self._ends = ends
        self._replies: deque[bytes] = deque()

    def send(self, raw: bytes) -> None:
        seq = session_pb2.Request.FromString(raw).fragment.seq
        self.came.append(seq)
        outcome = session_pb2.Outcome(seq=seq, applied=True)
        if seq == self._fails:
            outcome.error.CopyFrom(to_status(OutOfMemoryError("no room here")))
        self._replies.append(enclose(outcome.SerializeToString()))

    def read(self) -> bytes:
        raw = self._replies.popleft()
        if session_pb2.Reply.FromString(raw).outcome.seq == self._ends:
            raise ServerUnavailableError("gone again")
        return raw

    def missing(self, digests: list[bytes]) -> list[bytes]:
        return [digest for digest in digests if digest not in self.came]

    def put(self, digest: bytes, data: memoryview) -> None:
        self.came.append(digest)


def claim_of(count: int, *, answered: int, naming: int = 0) -> Claim:
    claim = Claim(Journal())
    digest = digest_of(DATA)
    for seq in range(1, count + 1):
        fragment = session_pb2.Fragment(seq=seq)
        if seq == naming:
            claim.journal.offer(digest, memoryview(DATA))
            fragment.leaves.append(graph_pb2.Leaf(id=1, digest=digest))
        claim.journal.append(seq, enclose(fragment.SerializeToString()), fragment)
    claim.answered_seq = answered
    claim.behind = True
    return claim


def run(claim: Claim, server: FakeServer, applied_seq: int = 0) -> int:
    return replay(claim, cast(Connection, server), cast(Stream, server), applied_seq)


def test_what_was_answered_is_sent_again_in_order() -> None:
    server = FakeServer()
    claim = claim_of(100, answered=98)
    assert run(claim, server, 3) == 95
    assert server.came == list(range(4, 99))
    assert not claim.behind


def test_a_payload_comes_before_who_names_it() -> None:
    server = FakeServer()
    run(claim_of(5, answered=5, naming=3), server)
    assert server.came == [1, 2, digest_of(DATA), 3, 4, 5]


def test_a_payload_of_what_was_not_answered_comes_too() -> None:
    server = FakeServer()
    claim = claim_of(5, answered=2, naming=4)
    claim.journal.offer(digest_of(b"offered"), memoryview(b"offered"))
    run(claim, server)
    assert server.came == [digest_of(b"offered"), 1, 2, digest_of(DATA)]


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (FakeServer(fails=2), SessionLostError),
        (FakeServer(ends=2), ServerUnavailableError),
    ],
)
def test_what_goes_wrong_leaves_it_behind(server: Any, error: type[TelegradError]) -> None:
    claim = claim_of(3, answered=3)
    with pytest.raises(error):
        run(claim, server)
    assert claim.behind
