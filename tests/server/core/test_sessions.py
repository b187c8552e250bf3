"""Sessions and leases, as tables of events and commands. Time is what the table says it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from telegrad_proto.errors import (
    CapacityError,
    MovedError,
    SessionExpiredError,
    SessionNotFoundError,
    StaleEpochError,
)
from telegrad_server.core.epochs import Opening, Owner
from telegrad_server.core.sessions import (
    CancelStream,
    CloseSession,
    Command,
    CreateSession,
    Drain,
    Event,
    Fenced,
    FreeSession,
    OpenStream,
    RefuseStream,
    RestoreSession,
    ResumeSession,
    SessionTable,
    Shutdown,
    StreamEnded,
    TakenUp,
    Tick,
    Touched,
)

Row = tuple[float, Event, list[object]]


def new(stream: int, name: str) -> OpenStream:
    return OpenStream(stream, Opening(), name)


def again(stream: int, name: str) -> OpenStream:
    return OpenStream(stream, Opening(name), "unused")


KEY = "0123456789abcdef" * 2
HERE, OTHER, NAMED = f"here.{KEY}", f"other.{KEY}", f".{KEY}"


def lost(
    stream: int, session_id: str, *, epoch: int = 1, client_id: bytes = b"me", journal_seq: int = 1
) -> OpenStream:
    return OpenStream(stream, Opening(session_id, epoch, client_id, journal_seq), HERE)


def brief(command: Command) -> object:
    """A refusal by the kind of its error, every other command as it is."""
    return type(command.error) if isinstance(command, RefuseStream) else command


CASES: dict[str, Sequence[Row]] = {
    "a session begins and is closed": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (5, CloseSession(1), [FreeSession("a")]),
        (5, StreamEnded(1), []),
        (5, again(2, "a"), [SessionNotFoundError]),
    ],
    "an attached session does not expire": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (1e6, Tick(), []),
        (1e6, again(2, "a"), [CancelStream(1), ResumeSession("a", 2)]),
    ],
    "a lost client comes back in time": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (10, StreamEnded(1), []),
        (69.9, Tick(), []),
        (69.9, again(2, "a"), [ResumeSession("a", 2)]),
        (1e6, Tick(), []),
    ],
    "a lost client comes back too late": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (10, StreamEnded(1), []),
        (70, Tick(), [FreeSession("a")]),
        (71, again(2, "a"), [SessionExpiredError]),
        (669, again(3, "a"), [SessionExpiredError]),
        (670, again(4, "a"), [SessionNotFoundError]),
    ],
    "the lease ends with the next event, whatever it is": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, StreamEnded(1), []),
        (60, new(2, "b"), [FreeSession("a"), CreateSession("b", 2)]),
    ],
    "the client itself comes when its lease has just ended": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, StreamEnded(1), []),
        (60, again(2, "a"), [FreeSession("a"), SessionExpiredError]),
    ],
    "a call beside the stream renews the lease": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, StreamEnded(1), []),
        (59, Touched("a"), []),
        (118, Tick(), []),
        (119, Tick(), [FreeSession("a")]),
        (119, Touched("a"), []),
    ],
    "a new stream takes the session over, and the old one's end means nothing": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (1, again(2, "a"), [CancelStream(1), ResumeSession("a", 2)]),
        (2, StreamEnded(1), []),
        (2, CloseSession(1), []),
        (1e6, Tick(), []),
        (1e6, CloseSession(2), [FreeSession("a")]),
    ],
    "no more sessions than there is room for": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, new(2, "b"), [CreateSession("b", 2)]),
        (0, new(3, "c"), [CapacityError]),
        (0, StreamEnded(1), []),
        (1, new(4, "d"), [CapacityError]),
        (1, again(5, "a"), [ResumeSession("a", 5)]),
        (1, CloseSession(5), [FreeSession("a")]),
        (1, new(6, "e"), [CreateSession("e", 6)]),
    ],
    "a session that never was": [(0, again(1, "x"), [SessionNotFoundError])],
    "draining takes nobody in, and ends nobody": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, Drain(), []),
        (0, new(2, "b"), [CapacityError]),
        (0, again(3, "a"), [MovedError]),
        (0, lost(3, OTHER), [MovedError]),
        (0, Shutdown(), [FreeSession("a")]),
        (0, StreamEnded(1), []),
        (0, again(4, "a"), [SessionNotFoundError]),
    ],
    "a lost session is made again here, and goes on": [
        (0, lost(1, OTHER), [RestoreSession(HERE, 1, lost(1, OTHER).opening, None)]),
        (0, TakenUp(HERE, 4), []),
        (1, StreamEnded(1), []),
        (2, lost(2, HERE, epoch=4), [ResumeSession(HERE, 2)]),
        (2, lost(3, HERE, epoch=3), [CancelStream(2), ResumeSession(HERE, 3)]),  # it never heard of 4
        (2, lost(4, HERE, epoch=3, client_id=b"zombie"), [StaleEpochError]),
        (2, lost(5, HERE, epoch=4, client_id=b"zombie"), [StaleEpochError]),
        (3, CloseSession(3), [FreeSession(HERE)]),
    ],
    "a leftover makes room for its session, which was elsewhere meanwhile": [
        (0, lost(1, OTHER), [RestoreSession(HERE, 1, lost(1, OTHER).opening, None)]),
        (0, TakenUp(HERE, 2), []),
        (
            9,
            lost(2, OTHER, epoch=3),
            [
                CancelStream(1),
                FreeSession(HERE),
                RestoreSession(HERE, 2, lost(2, OTHER, epoch=3).opening, Owner(HERE, 2, b"me")),
            ],
        ),
        (9, StreamEnded(1), []),
        (9, TakenUp(HERE, 4), []),
        (9, Fenced(HERE), [CancelStream(2), FreeSession(HERE)]),
        (9, Fenced(HERE), []),
    ],
    "a named session is for who comes last": [
        (0, lost(1, NAMED, epoch=0), [RestoreSession(HERE, 1, lost(1, NAMED, epoch=0).opening, None)]),
        (0, TakenUp(HERE, 1), []),
        (
            1,
            lost(2, NAMED, epoch=0, client_id=b"you"),
            [CancelStream(1), ResumeSession(HERE, 2, 2, b"you")],
        ),
        (2, lost(3, HERE, epoch=1), [StaleEpochError]),
        (2, lost(4, HERE, epoch=2, client_id=b"you"), [CancelStream(2), ResumeSession(HERE, 4)]),
    ],
    "making it again takes a place": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, new(2, "b"), [CreateSession("b", 2)]),
        (0, lost(3, OTHER), [CapacityError]),
    ],
    "an expired session comes back if its client has kept everything": [
        (0, lost(1, OTHER), [RestoreSession(HERE, 1, lost(1, OTHER).opening, None)]),
        (0, StreamEnded(1), []),
        (60, Tick(), [FreeSession(HERE)]),
        (61, lost(2, HERE, journal_seq=5), [SessionExpiredError]),
        (61, lost(3, HERE), [RestoreSession(HERE, 3, lost(3, HERE).opening, None)]),
    ],
}


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES.keys())
def test_events(rows: Sequence[Row]) -> None:
    table = SessionTable(lease_s=60, max_sessions=2, tombstone_s=600)
    for now, event, commands in rows:
        assert [brief(command) for command in table.handle(event, now)] == commands, (now, event)


def test_the_next_deadline_is_that_of_the_first_lease_to_end() -> None:
    table = SessionTable(lease_s=60, max_sessions=9)
    assert table.next_deadline() is None
    for stream, name in ((1, "a"), (2, "b"), (3, "c")):
        table.handle(new(stream, name), 0)
    assert table.next_deadline() is None
    table.handle(StreamEnded(2), 5)
    table.handle(StreamEnded(1), 7)
    assert table.next_deadline() == 65
    table.handle(Touched("b"), 10)
    assert table.next_deadline() == 67
    assert len(table) == 3


def test_refusals_say_what_happened() -> None:
    table = SessionTable(lease_s=60, max_sessions=1)
    table.handle(new(1, "a"), 0)
    assert table.refusal("a", 0) is None
    table.handle(StreamEnded(1), 0)
    table.handle(Tick(), 60)
    expired = table.refusal("a", 61)
    assert isinstance(expired, SessionExpiredError)
    assert "lease of 60 s" in str(expired)
    assert isinstance(table.refusal("", 61), SessionNotFoundError)
    table.handle(new(2, "b"), 61)
    (refused,) = table.handle(new(3, "c"), 61)
    assert isinstance(refused, RefuseStream)
    assert "room for 1 sessions" in str(refused.error)
