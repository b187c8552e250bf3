"""Sessions and leases, as tables of events and commands. Time is what the table says it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from telegrad_proto.errors import CapacityError, SessionExpiredError, SessionNotFoundError
from telegrad_server.core.sessions import (
    CancelStream,
    CloseSession,
    Command,
    CreateSession,
    Drain,
    Event,
    FreeSession,
    OpenStream,
    RefuseStream,
    ResumeSession,
    SessionTable,
    Shutdown,
    StreamEnded,
    Tick,
    Touched,
)

Row = tuple[float, Event, list[object]]


def new(stream: int, name: str) -> OpenStream:
    return OpenStream(stream, "", name)


def again(stream: int, name: str) -> OpenStream:
    return OpenStream(stream, name, "unused")


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
    "draining takes nobody new, but those that are there": [
        (0, new(1, "a"), [CreateSession("a", 1)]),
        (0, Drain(), []),
        (0, new(2, "b"), [CapacityError]),
        (0, again(3, "a"), [CancelStream(1), ResumeSession("a", 3)]),
        (0, Shutdown(), [FreeSession("a")]),
        (0, StreamEnded(3), []),
        (0, again(4, "a"), [SessionNotFoundError]),
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
