"""Sessions and their leases: who is attached, and how long a session outlives a lost stream.

A session with an attached stream is alive: HTTP/2's keepalive proves the client. When the stream ends the
lease starts to run. When it has run out the session's memory is freed, and a tombstone lets a late client
learn what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from telegrad_proto.errors import CapacityError, SessionExpiredError, SessionNotFoundError, TelegradError

TOMBSTONE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A stream begins. It names a session, or asks for a new one, to be called `new_id`."""

    stream: int
    session_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """A stream is gone, for whatever reason. Of a stream that was replaced before it means nothing."""

    stream: int


@dataclass(frozen=True, slots=True)
class CloseSession:
    """The client on this stream is done with its session."""

    stream: int


@dataclass(frozen=True, slots=True)
class Touched:
    """A call beside the stream used the session: its lease starts anew."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went on."""


@dataclass(frozen=True, slots=True)
class Drain:
    """The server is about to end: nobody new comes in."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The server ends: no session lives on."""


Event = OpenStream | StreamEnded | CloseSession | Touched | Tick | Drain | Shutdown


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Make the session, then serve it on the stream."""

    session_id: str
    stream: int


@dataclass(frozen=True, slots=True)
class ResumeSession:
    """Serve a living session on the stream."""

    session_id: str
    stream: int


@dataclass(frozen=True, slots=True)
class CancelStream:
    """End a stream whose session another stream has taken over."""

    stream: int


@dataclass(frozen=True, slots=True)
class FreeSession:
    """Stop what the session does, and free all it holds."""

    session_id: str


@dataclass(frozen=True, slots=True)
class RefuseStream:
    """Answer the stream with an error."""

    stream: int
    error: TelegradError


Command = CreateSession | ResumeSession | CancelStream | FreeSession | RefuseStream


@dataclass(slots=True)
class _Entry:
    stream: int | None
    deadline: float  # only while no stream is attached


class SessionTable:
    """The sessions of one worker.

    Args:
        lease_s: how long a session outlives its stream.
        max_sessions: how many may live at once, attached or not.
        tombstone_s: how long an expired session is remembered as such.
    """

    def __init__(self, *, lease_s: float, max_sessions: int, tombstone_s: float = TOMBSTONE_S) -> None:
        self.lease_s = lease_s
        self.max_sessions = max_sessions
        self._tombstone_s = tombstone_s
        self._live: dict[str, _Entry] = {}
        self._streams: dict[int, str] = {}
        self._expired: dict[str, float] = {}  # until when remembered; in order of time
        self._draining = False

    def __len__(self) -> int:
        return len(self._live)

    def handle(self, event: Event, now: float) -> tuple[Command, ...]:
        """What to do about an event, in this order."""
        expired = tuple(self._expire(now))
        match event:
            case OpenStream():
                return expired + self._open(event, now)
            case StreamEnded(stream):
                self._detach(stream, now)
                return expired
            case CloseSession(stream):
                return expired + self._close(stream)
            case Touched(session_id):
                entry = self._live.get(session_id)
                if entry is not None and entry.stream is None:
                    entry.deadline = now + self.lease_s
                return expired
            case Tick():
                return expired
            case Drain():
                self._draining = True
                return expired
            case Shutdown():
                self._draining = True
                freed = tuple(FreeSession(session_id) for session_id in self._live)
                self._live.clear()
                self._streams.clear()
                return expired + freed

    def refusal(self, session_id: str, now: float) -> TelegradError | None:
        """Why a call beside the stream cannot be served; None where it can."""
        if session_id in self._live:
            return None
        if self._expired.get(session_id, now) > now:
            return SessionExpiredError(
                f"session {session_id}: its lease of {self.lease_s:g} s ended while no client was attached; "
                "what it held is freed",
                session_id=session_id,
                lease_s=self.lease_s,
            )
        return SessionNotFoundError(
            f"session {session_id or '(none)'}: not known here", session_id=session_id
        )

    def next_deadline(self) -> float | None:
        """When the next lease ends; None while every session is attached."""
        return min((entry.deadline for entry in self._live.values() if entry.stream is None), default=None)

    def _open(self, event: OpenStream, now: float) -> tuple[Command, ...]:
        stream = event.stream
        if not event.session_id:
            error = self._admission_error()
            if error is not None:
                return (RefuseStream(stream, error),)
            self._live[event.new_id] = _Entry(stream, 0.0)
            self._streams[stream] = event.new_id
            return (CreateSession(event.new_id, stream),)
        session_id = event.session_id
        entry = self._live.get(session_id)
        if entry is None:
            refusal = self.refusal(session_id, now)
            assert refusal is not None  # it is not alive
            return (RefuseStream(stream, refusal),)
        before, entry.stream = entry.stream, stream
        self._streams[stream] = session_id
        if before is None:
            return (ResumeSession(session_id, stream),)
        del self._streams[before]
        return CancelStream(before), ResumeSession(session_id, stream)

    def _admission_error(self) -> TelegradError | None:
        if self._draining:
            return CapacityError("the server is shutting down and takes no new session")
        if len(self._live) >= self.max_sessions:
            return CapacityError(
                f"the server has room for {self.max_sessions} sessions, and all are taken; "
                f"one is free again at the latest {self.lease_s:g} s after its client is gone",
                max_sessions=self.max_sessions,
            )
        return None

    def _detach(self, stream: int, now: float) -> None:
        session_id = self._streams.pop(stream, None)
        if session_id is not None:
            entry = self._live[session_id]
            entry.stream, entry.deadline = None, now + self.lease_s

    def _close(self, stream: int) -> tuple[Command, ...]:
        session_id = self._streams.pop(stream, None)
        if session_id is None:
            return ()
        del self._live[session_id]
        return (FreeSession(session_id),)

    def _expire(self, now: float) -> Iterable[Command]:
        for session_id in [s for s, until in self._expired.items() if until <= now]:
            del self._expired[session_id]
        for session_id, entry in list(self._live.items()):
            if entry.stream is None and entry.deadline <= now:
                del self._live[session_id]
                self._expired[session_id] = now + self._tombstone_s
                yield FreeSession(session_id)
