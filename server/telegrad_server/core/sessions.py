"""Sessions and their leases: who is attached, and how long a session outlives a lost stream.

A session with an attached stream is alive: HTTP/2's keepalive proves the client. When the stream ends the
lease starts to run. When it has run out the session's memory is freed, and a tombstone lets a late client
learn what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from telegrad_proto.errors import (
    CapacityError,
    MovedError,
    SessionError,
    SessionExpiredError,
    SessionNotFoundError,
    TelegradError,
)
from telegrad_server.core.epochs import FIRST, Opening, Owner, next_epoch, standing

TOMBSTONE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A stream begins. It names a session, or asks for a new one.

    Attributes:
        stream: the stream.
        opening: what the client says.
        new_id: what the session is called if it begins here, or is taken up here.
    """

    stream: int
    opening: Opening
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
class TakenUp:
    """A session that was lost is here now, in this epoch."""

    session_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Fenced:
    """The session was taken up elsewhere: what is here of it has lost."""

    session_id: str


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


Event = OpenStream | StreamEnded | CloseSession | TakenUp | Fenced | Touched | Tick | Drain | Shutdown


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Make the session, then serve it on the stream."""

    session_id: str
    stream: int
    client_id: bytes = b""


@dataclass(frozen=True, slots=True)
class RestoreSession:
    """Make a session again that was lost, from what is stored of it and what the client sends again.

    Attributes:
        session_id: what it is called here.
        stream: where to serve it.
        opening: what the client says.
        known: the newest owner that is known here, or None.
    """

    session_id: str
    stream: int
    opening: Opening
    known: Owner | None


@dataclass(frozen=True, slots=True)
class ResumeSession:
    """Serve a living session on the stream: from this epoch on, if it is for another client."""

    session_id: str
    stream: int
    epoch: int = 0
    client_id: bytes = b""


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


Command = CreateSession | RestoreSession | ResumeSession | CancelStream | FreeSession | RefuseStream


@dataclass(slots=True)
class _Entry:
    stream: int | None
    deadline: float  # only while no stream is attached
    epoch: int = FIRST
    client_id: bytes = b""


class SessionTable:
    """The sessions of one worker.

    Args:
        lease_s: how long a session outlives its stream.
        max_sessions: how many may live at once, attached or not.
        tombstone_s: how long an expired session is remembered as such.
        durable: whether there is a store where a session that is not here may be.
    """

    def __init__(
        self,
        *,
        lease_s: float,
        max_sessions: int,
        tombstone_s: float = TOMBSTONE_S,
        durable: bool = False,
    ) -> None:
        self.lease_s = lease_s
        self.durable = durable
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
            case TakenUp(session_id, epoch):
                if session_id in self._live:
                    self._live[session_id].epoch = epoch
                return expired
            case Fenced(session_id):
                return expired + self._fence(session_id)
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

    def serves(self, stream: int, session_id: str) -> bool:
        """Whether the stream is still the session's."""
        return self._streams.get(stream) == session_id

    def next_deadline(self) -> float | None:
        """When the next lease ends; None while every session is attached."""
        return min((entry.deadline for entry in self._live.values() if entry.stream is None), default=None)

    def _open(self, event: OpenStream, now: float) -> tuple[Command, ...]:
        stream = event.stream
        if not event.opening.session_id:
            error = self._admission_error()
            if error is not None:
                return (RefuseStream(stream, error),)
            return (self._enter(event, CreateSession(event.new_id, stream, event.opening.client_id)),)
        name = event.opening.session_id if event.opening.session_id in self._live else event.new_id
        entry = self._live.get(name)
        if entry is None:
            return (self._take_up(event, None, now),)
        if self._draining:
            return (RefuseStream(stream, _moving()),)
        known = Owner(name, entry.epoch, entry.client_id)
        opening = event.opening
        try:
            stands = standing(opening, known)
        except SessionError as error:
            return (RefuseStream(stream, error),)
        if stands == "replace":
            return (*self._fence(name), self._take_up(event, known, now))
        resumed = ResumeSession(name, stream)
        if stands == "take over":
            entry.epoch, entry.client_id = next_epoch(opening, entry.epoch, b""), opening.client_id
            resumed = ResumeSession(name, stream, entry.epoch, entry.client_id)
        before, entry.stream = entry.stream, stream
        self._streams[stream] = name
        if before is None:
            return (resumed,)
        del self._streams[before]
        return CancelStream(before), resumed

    def _take_up(self, event: OpenStream, known: Owner | None, now: float) -> Command:
        """The command for a session that does not live here, and may be made again."""
        stream, opening = event.stream, event.opening
        # A client that has kept every fragment needs nothing else.
        if not (opening.key and (self.durable or opening.named or opening.journal_seq == 1)):
            refusal = self.refusal(event.opening.session_id, now)
            assert refusal is not None  # it is not alive
            return RefuseStream(stream, refusal)
        error = _moving() if self._draining else self._admission_error()
        if error is not None:
            return RefuseStream(stream, error)
        self._expired.pop(event.new_id, None)
        return self._enter(event, RestoreSession(event.new_id, stream, opening, known))

    def _enter(self, event: OpenStream, command: Command) -> Command:
        self._live[event.new_id] = _Entry(event.stream, 0.0, client_id=event.opening.client_id)
        self._streams[event.stream] = event.new_id
        return command

    def _fence(self, session_id: str) -> tuple[Command, ...]:
        entry = self._live.pop(session_id, None)
        if entry is None:
            return ()
        freed = FreeSession(session_id)
        if entry.stream is None:
            return (freed,)
        del self._streams[entry.stream]
        return CancelStream(entry.stream), freed

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


def _moving() -> MovedError:
    return MovedError("the server is shutting down; the session goes on elsewhere, or here when it is back")
