"""The sessions of one worker: carries out what `core.sessions` decides."""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable

from telegrad_proto.errors import TelegradError
from telegrad_server.api.ports import Stream
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
from telegrad_server.worker.session import Engine, WorkerSession

_log = logging.getLogger("telegrad.server")


class SessionHost:
    """Creates, finds, expires and frees sessions; safe to use from any thread.

    Args:
        name: what the ids of the sessions begin with; unique to this process, so that a gateway can route by
            it.
        make_engine: an empty engine session.
        table: the decisions.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        make_engine: Callable[[], Engine],
        *,
        table: SessionTable,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.draining = False
        self._make_engine = make_engine
        self._table = table
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, WorkerSession] = {}
        self._streams: dict[int, Stream] = {}
        self._numbers = itertools.count(1)
        self._alarm = threading.Event()
        self._reaper: threading.Thread | None = None
        self._stopped = False

    def __len__(self) -> int:
        return len(self._table)

    @property
    def capacity(self) -> int:
        return self._table.max_sessions

    @property
    def lease_s(self) -> float:
        return self._table.lease_s

    def attach(self, session_id: str, cancel: Callable[[], object]) -> Stream:
        """A stream on the session of this id, or on a new session where the id is empty.

        Args:
            session_id: as the client knows it.
            cancel: ends the call, should another stream take the session over.

        Raises:
            SessionError: there is no such session any more.
            CapacityError: no room.
        """
        number = next(self._numbers)
        new_id = f"{self.name}.{secrets.token_hex(16)}"
        with self._lock:
            commands, freed = self._decide(OpenStream(number, session_id, new_id))
            try:
                attached = self._carry_out(commands, cancel)
            except Exception:
                self._decide(CloseSession(number))
                raise
        self._free(freed)
        if isinstance(attached, TelegradError):
            raise attached
        return attached

    def ended(self, stream: Stream) -> None:
        """The stream is gone: the lease of its session starts to run."""
        self._handle(StreamEnded(stream.number))
        self._streams.pop(stream.number, None)
        self._alarm.set()

    def close(self, stream: Stream) -> None:
        """The client is done with its session."""
        self._handle(CloseSession(stream.number))

    def find(self, session_id: str) -> WorkerSession:
        """A living session, for a call beside its stream; its lease starts anew.

        Raises:
            SessionError: there is none of this id any more.
        """
        self._handle(Touched(session_id))
        with self._lock:
            refusal = self._table.refusal(session_id, self._clock())
            if refusal is not None:
                raise refusal
            return self._sessions[session_id]

    def start(self) -> None:
        """Begins to watch the leases, in a thread that sleeps until the next one ends."""
        self._reaper = threading.Thread(target=self._watch, name="telegrad-leases", daemon=True)
        self._reaper.start()

    def drain(self) -> None:
        """Takes nobody new, and ends the streams whose clients want nothing at the moment."""
        self._handle(Drain())
        self.draining = True
        # A stream becomes idle, then looks at `draining`: it either sees it or is seen here.
        for stream in list(self._streams.values()):
            if stream.idle:
                stream.cancel()

    def stop(self) -> None:
        """Frees every session."""
        self._handle(Shutdown())
        self._stopped = True
        self._alarm.set()
        if self._reaper is not None:
            self._reaper.join()

    def _watch(self) -> None:
        deadline: float | None = None
        while True:
            self._alarm.wait(None if deadline is None else max(0.0, deadline - self._clock()))
            self._alarm.clear()  # before looking: what happens from here on sets it again
            if self._stopped:
                return
            self._handle(Tick())
            with self._lock:
                deadline = self._table.next_deadline()

    def _handle(self, event: Event) -> None:
        with self._lock:
            _, freed = self._decide(event)
        self._free(freed)

    def _decide(self, event: Event) -> tuple[list[Command], list[WorkerSession]]:
        """The commands of an event, the sessions to free taken out of them."""
        commands: list[Command] = []
        freed: list[WorkerSession] = []
        for command in self._table.handle(event, self._clock()):
            if isinstance(command, FreeSession):
                session = self._sessions.pop(command.session_id, None)
                if session is not None:  # there is none if making it failed
                    freed.append(session)
            else:
                commands.append(command)
        return commands, freed

    def _carry_out(self, commands: list[Command], cancel: Callable[[], object]) -> Stream | TelegradError:
        for command in commands:
            match command:
                case CancelStream(number):
                    self._streams.pop(number).cancel()
                case CreateSession(session_id, number):
                    session = WorkerSession(session_id, self._make_engine())
                    self._sessions[session_id] = session
                    return self._begin(number, session, cancel)
                case ResumeSession(session_id, number):
                    return self._begin(number, self._sessions[session_id], cancel)
                case RefuseStream(_, error):
                    return error
                case FreeSession():
                    raise AssertionError("taken out before")
        raise AssertionError("opening a stream always ends in one of the three")

    def _begin(self, number: int, session: WorkerSession, cancel: Callable[[], object]) -> Stream:
        stream = self._streams[number] = Stream(number, session, cancel)
        return stream

    @staticmethod
    def _free(sessions: list[WorkerSession]) -> None:
        # Outside the host's lock: a session that still computes is waited for.
        for session in sessions:
            session.close()
            _log.info("session %s freed", session.session_id)
