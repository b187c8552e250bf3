"""The sessions of one worker: carries out what `core.sessions` decides."""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable

from telegrad_proto.errors import ServerUnavailableError, TelegradError
from telegrad_server.api.ports import Stream
from telegrad_server.core.epochs import Opening
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
from telegrad_server.failpoints import FAILING, reach
from telegrad_server.worker.keeper import Durability, Keeper
from telegrad_server.worker.restoring import Restorer
from telegrad_server.worker.session import Engine, WorkerSession

_log = logging.getLogger("telegrad.server")


class SessionHost:
    """Creates, finds, expires and frees sessions; safe to use from any thread.

    Args:
        name: what the ids of the sessions begin with; unique to this process, so that a gateway can route by
            it.
        make_engine: an empty engine session.
        table: the decisions.
        durability: where and when sessions are stored, if they are.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        make_engine: Callable[[], Engine],
        *,
        table: SessionTable,
        durability: Durability | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.draining = False
        self._make_engine = make_engine
        store = None if durability is None else durability.store
        self._restorer = Restorer(make_engine, store, name)
        self._keeper = (
            None if durability is None else Keeper(durability, name, self.living, self.fence, clock=clock)
        )
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

    def living(self) -> list[tuple[WorkerSession, bool]]:
        """The sessions, with whether a client is attached to each."""
        with self._lock:
            attached = {stream.session.session_id for stream in self._streams.values()}
            return [(session, session.session_id in attached) for session in self._sessions.values()]

    @property
    def capacity(self) -> int:
        return self._table.max_sessions

    @property
    def lease_s(self) -> float:
        return self._table.lease_s

    @property
    def durable(self) -> bool:
        return self._table.durable

    def attach(self, opening: Opening, cancel: Callable[[], object]) -> Stream:
        """A stream on the session that the client names, or on a new one.

        Args:
            opening: what the client says.
            cancel: ends the call, should another stream take the session over.

        Raises:
            SessionError: there is no such session any more.
            CapacityError: no room.
        """
        if FAILING:
            reach("open")
        number = next(self._numbers)
        self._fence_leftover(opening)
        new_id = f"{self.name}.{opening.key or secrets.token_hex(16)}"
        with self._lock:
            commands, freed = self._decide(OpenStream(number, opening, new_id))
            try:
                attached = self._carry_out(commands, cancel)
            except Exception:
                self._decide(CloseSession(number))
                raise
        self._free(freed)
        if isinstance(attached, TelegradError):
            raise attached
        if isinstance(attached, Stream):
            return attached
        # Outside the lock: reading a snapshot takes a while, and so does stopping what another client runs.
        try:
            session = self._made(attached)
            with self._lock:
                return self._settle(attached, session, cancel)
        except Exception:
            with self._lock:
                _, freed = self._decide(CloseSession(number))
            self._free(freed)
            raise

    def _fence_leftover(self, opening: Opening) -> None:
        """Frees what is here of a session that was taken up elsewhere; its client is then told so."""
        if self._keeper is None or not opening.key:
            return
        with self._lock:
            live = self._sessions.get(f"{self.name}.{opening.key}")
        if live is not None and self._restorer.is_leftover(live):
            self.fence(live.session_id)

    def fence(self, session_id: str) -> None:
        """Ends a session that was taken up elsewhere."""
        self._handle(Fenced(session_id))

    def _made(self, command: RestoreSession | ResumeSession) -> WorkerSession:
        if isinstance(command, RestoreSession):
            return self._restorer.restore(command)
        with self._lock:
            session = self._sessions.get(command.session_id)
        if session is None:
            raise _busy(command.session_id)
        return session.hand_over(command.epoch, command.client_id)

    def _settle(
        self,
        command: RestoreSession | ResumeSession,
        session: WorkerSession,
        cancel: Callable[[], object],
    ) -> Stream:
        """The stream on a session that was just made again, or handed over."""
        number, session_id = command.stream, command.session_id
        if not self._table.serves(number, session_id):
            session.close()
            raise _busy(session_id)
        self._sessions[session_id] = session
        self._decide(TakenUp(session_id, session.epoch))
        return self._begin(number, session, cancel)

    def ended(self, stream: Stream) -> None:
        """The stream is gone: the lease of its session starts to run."""
        self._handle(StreamEnded(stream.number))
        self._streams.pop(stream.number, None)
        self._alarm.set()
        if self._keeper is not None:
            self._keeper.hurry()

    def close(self, stream: Stream) -> None:
        """The client is done with its session."""
        self._handle(CloseSession(stream.number))
        with self._lock:
            session = stream.session
            gone = session.session_id not in self._sessions
        if gone and self._keeper is not None:
            self._keeper.closed(session.session_id, session.epoch)

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
            session = self._sessions.get(session_id)
            if session is None:
                raise _busy(session_id)
            return session

    def start(self) -> None:
        """Begins to watch the leases, in a thread that sleeps until the next one ends."""
        self._reaper = threading.Thread(target=self._watch, name="telegrad-leases", daemon=True)
        self._reaper.start()
        if self._keeper is not None:
            self._keeper.start()

    def drain(self) -> None:
        """Takes nobody new, and ends the streams whose clients want nothing at the moment."""
        self._handle(Drain())
        self.draining = True
        reach("drain")
        if self._keeper is not None:
            self._keeper.store_all()  # before their clients look for them elsewhere
        # A stream becomes idle, then looks at `draining`: it either sees it or is seen here.
        for stream in list(self._streams.values()):
            if stream.idle:
                stream.cancel()

    def stop(self) -> None:
        """Frees every session."""
        if self._keeper is not None:
            self._keeper.stop()
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

    def _carry_out(
        self, commands: list[Command], cancel: Callable[[], object]
    ) -> Stream | RestoreSession | ResumeSession | TelegradError:
        for command in commands:
            match command:
                case CancelStream(number):
                    replaced = self._streams.pop(number, None)
                    if replaced is not None:  # else it waits for its session to be made
                        replaced.cancel()
                case CreateSession(session_id, number, client_id):
                    session = WorkerSession(session_id, self._make_engine(), client_id=client_id)
                    self._sessions[session_id] = session
                    return self._begin(number, session, cancel)
                case ResumeSession(session_id, number, epoch, _):
                    known = self._sessions.get(session_id)
                    if known is None:
                        return _busy(session_id)
                    if epoch and epoch != known.epoch:
                        return command
                    return self._begin(number, known, cancel)
                case RestoreSession():
                    return command
                case RefuseStream(_, error):
                    return error
                case FreeSession():
                    raise AssertionError("taken out before")
        raise AssertionError("opening a stream always ends in one of the four")

    def _begin(self, number: int, session: WorkerSession, cancel: Callable[[], object]) -> Stream:
        stream = self._streams[number] = Stream(number, session, cancel)
        return stream

    @staticmethod
    def _free(sessions: list[WorkerSession]) -> None:
        # Outside the host's lock: a session that still computes is waited for.
        for session in sessions:
            session.close()
            _log.info("session %s freed", session.session_id)


def _busy(session_id: str) -> ServerUnavailableError:
    return ServerUnavailableError(f"session {session_id}: is being brought back for another stream")
