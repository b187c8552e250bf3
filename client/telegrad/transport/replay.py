"""Brings a session that lives on elsewhere to where it was: its fragments are sent again, in order."""

from __future__ import annotations

from collections import deque
from typing import Final

from telegrad.transport.claim import Claim
from telegrad.transport.connection import Connection, Stream
from telegrad.transport.journal import Journal
from telegrad_proto.errors import PayloadError, ServerUnavailableError, SessionLostError, TelegradError
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2

#: Fragments on their way at once: the server never waits, and little is sent in vain if it goes away again.
_WINDOW: Final = 32


def replay(claim: Claim, connection: Connection, stream: Stream, applied_seq: int) -> int:
    """Sends again what the server lacks of the fragments whose outcomes are here, and the payloads of all.

    Args:
        claim: what can be sent again; not `behind` any more when this returns.
        connection: for payloads.
        stream: just opened.
        applied_seq: what the server has.

    Returns:
        how many fragments were sent.

    Raises:
        ServerUnavailableError: the server went away again.
        SessionLostError: a fragment that was right before is wrong now.
    """
    journal = claim.journal
    waiting: deque[int] = deque()
    count = 0
    try:
        _put(journal, connection, journal.offered)
        for entry in journal.after(applied_seq):
            if entry.digests:
                # Those before it come first: what they let go of may make the room that these need.
                while waiting:
                    _take_in(stream, waiting)
                _put(journal, connection, entry.digests)
            if entry.seq <= claim.answered_seq:
                stream.send(entry.raw)
                count += 1
                waiting.append(entry.seq)
                if len(waiting) >= _WINDOW:
                    _take_in(stream, waiting)
        while waiting:
            _take_in(stream, waiting)
    except (ServerUnavailableError, SessionLostError):
        raise
    except TelegradError as error:
        raise SessionLostError(f"the session could not be brought back: {error}", **error.details) from None
    claim.behind = False
    return count


def _take_in(stream: Stream, waiting: deque[int]) -> None:
    seq = waiting.popleft()
    outcome = session_pb2.Reply.FromString(stream.read()).outcome
    if outcome.seq != seq:
        raise SessionLostError(f"the session could not be brought back: fragment {seq} was not answered")
    if outcome.HasField("error"):
        error = from_status(outcome.error)
        raise SessionLostError(
            f"the session could not be brought back: fragment {seq} was right before, and now: {error}",
            seq=seq,
        )


def _put(journal: Journal, connection: Connection, digests: tuple[bytes, ...] | list[bytes]) -> None:
    if not digests:
        return
    for digest in connection.missing(list(digests)):
        data = journal.payload(digest)
        if data is None:
            raise PayloadError(f"no payload of digest {digest.hex()[:16]} is kept here")
        connection.put(digest, data)
