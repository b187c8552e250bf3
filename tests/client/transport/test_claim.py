"""What a client says of its session, and what it takes in."""

from __future__ import annotations

from telegrad.transport.claim import Claim
from telegrad.transport.journal import Journal
from telegrad_proto.errors import CancelledError
from telegrad_proto.status import to_status
from telegrad_proto.v1 import session_pb2


def send(claim: Claim, seq: int) -> session_pb2.Fragment:
    fragment = session_pb2.Fragment(seq=seq, fetches=[1])
    claim.sending(fragment)
    request = session_pb2.Request(fragment=fragment)
    claim.journal.append(seq, request.SerializeToString(), fragment)
    return fragment


def opened(epoch: int, *, durable: bool = False) -> session_pb2.Opened:
    return session_pb2.Opened(session_id=f"w{epoch}.key", epoch=epoch, durable=durable)


def test_a_new_session_is_not_behind_one_that_moved_is() -> None:
    claim = Claim(Journal())
    first = claim.opening()
    assert (first.session_id, first.epoch, first.journal_seq) == ("", 0, 1)
    claim.opened(opened(1))
    assert not claim.behind
    claim.opened(opened(1))
    assert not claim.behind
    claim.opened(opened(2))
    assert claim.behind
    claim.opened(opened(2))
    assert claim.behind, "as long as it was not brought there"
    again = claim.opening()
    assert (again.session_id, again.epoch, again.client_id) == ("w2.key", 2, first.client_id)
    assert len(first.client_id) == 16


def test_outcomes_trim_the_journal_and_change_what_failed() -> None:
    claim = Claim(Journal())
    for seq in (1, 2, 3):
        send(claim, seq)
    claim.received(session_pb2.Outcome(seq=1, applied=True))
    assert claim.journal.first_seq == 1
    error = to_status(CancelledError("stopped"))
    claim.received(session_pb2.Outcome(seq=2, applied=True, error=error, durable_seq=1))
    assert claim.opening().answered_seq == 2
    assert claim.opening().journal_seq == 2
    entry = next(claim.journal.after(0))
    assert not session_pb2.Request.FromString(entry.raw).fragment.fetches


def test_a_snapshot_is_asked_for_once_where_the_journal_fills_up() -> None:
    claim = Claim(Journal(100))
    claim.opened(opened(1, durable=True))
    asked = [seq for seq in range(1, 15) if send(claim, seq).snapshot]
    assert len(asked) == 1
    claim.received(session_pb2.Outcome(seq=14, applied=True, durable_seq=14))
    asked = [seq for seq in range(15, 25) if send(claim, seq).snapshot]
    assert len(asked) == 1
