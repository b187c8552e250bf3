"""What a journal keeps, forgets and changes."""

from __future__ import annotations

import logging

import pytest

from telegrad.transport.journal import Journal
from telegrad_proto.envelope import enclose
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import graph_pb2, session_pb2

DATA = bytes(1000)
DIGEST = digest_of(DATA)


def keep(journal: Journal, seq: int, *digests: bytes) -> bytes:
    leaves = [graph_pb2.Leaf(id=seq, digest=digest) for digest in digests]
    fragment = session_pb2.Fragment(seq=seq, leaves=leaves, fetches=[1], demands=[2], releases=[3])
    raw = enclose(fragment.SerializeToString())
    journal.append(seq, raw, fragment)
    return raw


def kept(journal: Journal, after: int = 0) -> list[int]:
    return [entry.seq for entry in journal.after(after)]


def test_all_is_kept_until_the_server_needs_it_no_more() -> None:
    journal = Journal()
    raws = [keep(journal, seq) for seq in range(1, 6)]
    assert journal.first_seq == 1
    assert [entry.raw for entry in journal.after(2)] == raws[2:]
    journal.trim(3)
    assert (journal.first_seq, kept(journal)) == (4, [4, 5])
    journal.trim(5)
    assert (journal.first_seq, journal.held_bytes) == (6, 0)


def test_payloads_stay_as_long_as_a_kept_fragment_names_them() -> None:
    journal = Journal()
    journal.offer(DIGEST, memoryview(DATA))
    assert journal.offered == [DIGEST]
    keep(journal, 1, DIGEST)
    journal.offer(DIGEST, memoryview(DATA))
    keep(journal, 2, DIGEST)
    assert journal.offered == []
    assert 1000 < journal.held_bytes < 1200
    journal.trim(1)
    found = journal.payload(DIGEST)
    assert found is not None
    assert bytes(found) == DATA
    journal.trim(2)
    assert journal.payload(DIGEST) is None
    assert journal.held_bytes == 0


def test_a_payload_that_was_refused_is_not_kept() -> None:
    journal = Journal()
    journal.offer(DIGEST, memoryview(DATA))
    journal.withdraw(DIGEST)
    assert (journal.offered, journal.held_bytes) == ([], 0)


def test_beyond_its_bound_a_journal_is_of_no_use_without_snapshots(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(2_000)
    journal.offer(DIGEST, memoryview(DATA))
    keep(journal, 1, DIGEST)
    assert not caplog.records
    journal.offer(digest_of(DATA + b"x"), memoryview(DATA + b"x"))
    with caplog.at_level(logging.WARNING, "telegrad"):
        for seq in range(2, 5):
            keep(journal, seq)
    assert (journal.first_seq, journal.held_bytes, kept(journal)) == (0, 0, [])
    assert [record.getMessage().count("lost") for record in caplog.records] == [2], "said once"
    journal.failed(2, applied=True)
    journal.offer(DIGEST, memoryview(DATA))
    assert journal.offered == []


def test_with_snapshots_the_newest_stay(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(200)
    journal.durable = True
    with caplog.at_level(logging.WARNING, "telegrad"):
        for seq in range(1, 101):
            keep(journal, seq)
    assert len(caplog.records) == 1
    assert journal.half_full
    assert journal.held_bytes <= 200
    assert journal.first_seq == kept(journal)[0] > 80
    journal.trim(100)
    assert not journal.half_full


@pytest.mark.parametrize("applied", [True, False])
def test_what_failed_is_sent_again_as_what_it_led_to(applied: bool) -> None:
    journal = Journal()
    raw = [keep(journal, seq) for seq in (1, 2, 3)][-1]
    journal.failed(2, applied=applied)
    first, second, third = journal.after(0)
    assert third.raw == raw
    found = session_pb2.Request.FromString(second.raw).fragment
    assert found == session_pb2.Fragment(seq=2, releases=[3] if applied else [])
    assert journal.held_bytes == len(first.raw) + len(second.raw) + len(third.raw)
    journal.trim(2)
    journal.failed(2, applied=applied)
    assert kept(journal) == [3]


def test_a_journal_may_be_off() -> None:
    journal = Journal(0)
    keep(journal, 1)
    assert (journal.first_seq, kept(journal)) == (0, [])
