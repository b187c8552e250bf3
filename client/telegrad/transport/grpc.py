"""A session on a server: one stream of fragments and outcomes, calls of their own for large arrays.

Outcomes are read in the caller's own thread. A lost stream is opened again with the session's id, and what
was not answered is sent again: the server answers from record what it has applied already. Where the session
was lost with its worker, another one begins with what is stored of it, and is sent the rest from the journal.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from telegrad.transport.base import Progress, Traffic
from telegrad.transport.claim import Claim
from telegrad.transport.connection import Connection, Stream
from telegrad.transport.entrances import Entrances
from telegrad.transport.journal import JOURNAL_BYTES, Journal
from telegrad.transport.keeping import Keeper
from telegrad.transport.replay import replay
from telegrad.transport.watch import Watch
from telegrad_proto.envelope import enclose
from telegrad_proto.errors import (
    DeadlineError,
    EvaluationError,
    GraphError,
    LimitError,
    PayloadError,
    ProtocolError,
    ServerUnavailableError,
    SessionExpiredError,
    SessionNotFoundError,
    TelegradError,
)
from telegrad_proto.limits import MAX_MESSAGE_BYTES
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2

_T = TypeVar("_T")

_CONNECT_S: Final = 10.0
_RECONNECT_S: Final = 30.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_CANCEL_S: Final = 3.0


class GrpcTransport:
    """A session on the server at an address.

    Args:
        address: "host:port" of a worker or of a gateway; or several gateways, with commas between.
        token: what the server asks for, if it does.
        direct: leave the gateway for the worker's own address, where that can be reached.
        progress: told about long waits and large arrays; None for silence.
        connect_s: how long the first connection may take.
        reconnect_s: how long to try again when the server goes away.
        journal_bytes: how much to keep for a server that has lost the session.
        key: of a named session, which may be there already; else a new one begins.

    Raises:
        ArgumentError: the address is no "host:port".
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        direct: bool = False,
        progress: Progress | None = None,
        connect_s: float = _CONNECT_S,
        reconnect_s: float = _RECONNECT_S,
        journal_bytes: int = JOURNAL_BYTES,
        key: str = "",
    ) -> None:
        self.traffic = Traffic()
        self._entrances = Entrances(address)  # where the session is found again, whatever the way to it
        self._token = token
        self._direct = direct
        self._progress = progress
        self._connect_s = connect_s
        self._reconnect_s = reconnect_s
        self._watch = Watch(progress)
        self._claim = Claim(Journal(journal_bytes), f".{key}" if key else "", patience_s=reconnect_s)
        self._unanswered: deque[tuple[int, bytes]] = deque()
        self._stream: Stream | None = None
        self._lock = threading.Lock()  # what is unanswered goes over the stream that is installed
        self._attaching = threading.RLock()  # one stream is opened at a time
        self._keeper = Keeper(self._ensure)
        self._closed = self._gave_up = False
        self._kept = bool(key)
        self._connection = self._connect(self._entrances.current)

    @property
    def address(self) -> str:
        return self._connection.address

    def open(self) -> session_pb2.Opened:
        """Starts the session; see `Transport.open`."""
        address = self.address
        try:
            opened = self._attach()
        except ServerUnavailableError as error:
            self._fall_back(address)
            if self._entrances.more:
                return self.open()
            text = f"no telegrad server answers at {address}: {error}; to start one: telegrad-server"
            raise ServerUnavailableError(text, address=address) from None
        self._keeper.lease_s = opened.lease_s
        if self._direct and opened.direct_address and opened.direct_address != self.address:
            self._go_direct(opened.direct_address)
        return opened

    def send(self, fragment: session_pb2.Fragment) -> int:
        """Sends a fragment without waiting; see `Transport.send`."""
        claim = self._claim
        claim.sending(fragment)
        raw = enclose(fragment.SerializeToString())
        size = len(raw)
        if size > MAX_MESSAGE_BYTES:
            raise LimitError(f"fragment {fragment.seq}: at most {MAX_MESSAGE_BYTES} bytes, got {size}")
        with self._lock:
            self._unanswered.append((fragment.seq, raw))
            claim.journal.append(fragment.seq, raw, fragment)
            if self._stream is not None:  # else it goes out with the others when the stream is opened again
                self._stream.send(raw)
        self.traffic.fragments += 1
        self.traffic.sent_bytes += size
        return size

    def receive(self, timeout_s: float | None = None) -> session_pb2.Outcome:
        """The next outcome; see `Transport.receive`."""
        if not self._unanswered:
            raise ProtocolError("receive: every fragment sent has been answered")
        self._gave_up = False
        wait = self._watch.begin(timeout_s, self._give_up)
        try:
            raw, outcome = self._next_outcome()
        except TelegradError:
            if wait is not None and wait.timed_out:
                raise DeadlineError(f"no outcome within {timeout_s:g} s", timeout_s=timeout_s) from None
            raise
        except BaseException:
            self._interrupt()
            raise
        finally:
            self._watch.end(wait)
        with self._lock:
            self._unanswered.popleft()
            self._claim.received(outcome)
        self.traffic.outcomes += 1
        self.traffic.received_bytes += len(raw)
        return outcome

    def _next_outcome(self) -> tuple[bytes, session_pb2.Outcome]:
        awaited = self._unanswered[0][0]
        while True:
            raw = self._read()
            outcome = session_pb2.Reply.FromString(raw).outcome
            if outcome.seq == awaited:
                return raw, outcome
            # A stream that was opened again while an outcome was on its way brings that once more.
            if outcome.seq > self._claim.answered_seq:
                raise ProtocolError(f"requires the outcome of fragment {awaited}, got that of {outcome.seq}")

    def put(self, digest: bytes, data: memoryview) -> bool:
        """Sends a payload that is not there yet; see `Transport.put`."""
        view = data.cast("B") if data.nbytes else memoryview(b"")
        with self._lock:
            # Before asking: if the session is taken up elsewhere from here on, the payload comes along.
            self._claim.journal.offer(digest, view)
        try:
            if not self._beside(lambda: self._connection.missing([digest])):
                return False
            self._beside(lambda: self._connection.put(digest, view))
        except (EvaluationError, GraphError, PayloadError):
            with self._lock:
                self._claim.journal.withdraw(digest)
            raise
        self.traffic.sent_bytes += view.nbytes
        return True

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A value that was too large for its outcome; see `Transport.get`."""
        spec, data = self._beside(lambda: self._connection.get(value_id))
        self.traffic.received_bytes += data.nbytes
        return spec, data

    def missing(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those of the payloads that the server does not have."""
        return self._beside(lambda: self._connection.missing(list(digests)))

    def cancel(self, seq: int) -> bool:
        """Stops the evaluation of fragments up to this one; whether one was running."""
        return self._connection.cancel(seq)

    def residuals(self) -> session_pb2.ResidualsReply:
        """What the server keeps for later backward passes."""
        return self._beside(lambda: self._connection.residuals())  # noqa: PLW0108  # it may be another by then

    def forget(self) -> None:
        """Has `close` end the session, whatever its name."""
        self._kept = False

    def close(self) -> None:
        """Ends the session; see `Transport.close`."""
        if self._closed:
            return
        with self._lock:
            self._closed = True
            stream, self._stream = self._stream, None
        self._keeper.close()
        self._watch.close()
        if stream is not None:
            stream.end(close_session=not self._kept)
        self._connection.close()

    def _read(self) -> bytes:
        """The next reply, over as many streams as it takes."""
        stream = self._stream
        while True:
            if stream is None:
                stream = self._reattach(None)
            try:
                return stream.read()
            except ServerUnavailableError:
                if self._gave_up:
                    self._let_go(stream)
                    raise
                stream = self._reattach(stream)

    def _attach(self) -> session_pb2.Opened:
        """Opens a stream and waits for the server's word; then what was not answered goes out again."""
        stream = self._connection.stream()
        try:
            stream.send(session_pb2.Request(open=self._claim.opening()).SerializeToString())
            # A session that is taken up elsewhere may be read from a store first.
            reply = stream.read_within(self._reconnect_s if self._claim.session_id else self._connect_s)
            self._claim.opened(reply.opened)
            self._connection.session_id = self._claim.session_id
            if self._claim.behind:
                self.traffic.replayed += replay(
                    self._claim, self._connection, stream, reply.opened.applied_seq
                )
        except BaseException:
            stream.end()
            raise
        with self._lock:
            if self._closed:
                stream.end()
                raise _closed_here()
            for _, raw in self._unanswered:
                stream.send(raw)
            self._stream = stream
        stream.when_lost(self._lost)
        return reply.opened

    def _ensure(self, lost: Stream | None) -> Stream:
        """The current stream, opened again if that is the lost one or none."""
        with self._attaching:
            stream = self._stream
            if stream is not None and stream is not lost:
                return stream
            if self._closed:
                raise _closed_here()
            self._drop_stream()
            self.traffic.reconnects += 1
            address = self.address
            try:
                self._attach()
            except ServerUnavailableError:
                self._fall_back(address)
                raise
            assert self._stream is not None  # attached
            return self._stream

    def _reattach(self, lost: Stream | None) -> Stream:
        try:
            return self._persist(lambda: self._ensure(lost))
        except SessionNotFoundError as error:
            raise SessionNotFoundError(
                f"{error}. The connection was lost, and the server at {self.address} has been restarted "
                "since: what this session had computed is gone, connect again",
                **error.details,
            ) from None

    def _beside(self, action: Callable[[], _T]) -> _T:
        """The result of a call beside the stream, also where the session is taken up elsewhere first."""
        stream = self._stream
        try:
            return self._persist(action)
        except (SessionExpiredError, SessionNotFoundError):
            # The stream is about to find that out too. It brings the session back, if anything can.
            self._reattach(stream)
            return self._persist(action)

    def _persist(self, action: Callable[[], _T]) -> _T:
        """The action's result, tried again for a while when the server cannot be reached."""
        deadline = time.monotonic() + self._reconnect_s
        pause = _FIRST_PAUSE_S
        while True:
            address = self.address
            try:
                return action()
            except ServerUnavailableError as error:
                with self._attaching:
                    self._fall_back(address)
                if self._closed or time.monotonic() + pause > max(deadline, self._claim.deadline_s):
                    raise ServerUnavailableError(
                        f"the server at {self.address} went away and did not come back within "
                        f"{self._reconnect_s:g} s: {error}",
                        address=self.address,
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _lost(self, stream: Stream) -> None:
        """Called when a stream has ended, from gRPC's thread."""
        if self._stream is stream and not self._closed:
            self._keeper.keep(stream)

    def _interrupt(self) -> None:
        """After Ctrl-C: the server is to stop what it does for this session.

        gRPC cannot take up an interrupted read, so the stream is opened anew; the outcomes of what was
        stopped come over that one.
        """
        stream = self._stream
        try:
            with suppress(TelegradError):  # if nothing answers, the next wait will say so
                self._connection.cancel(self._unanswered[-1][0], _CANCEL_S)
        finally:
            if stream is not None:
                self._let_go(stream)

    def _let_go(self, stream: Stream) -> None:
        """Ends a stream that cannot be read any more, and has another opened."""
        with self._lock:
            if self._stream is stream:
                self._drop_stream()
        if not self._closed:
            self._keeper.keep(stream)

    def _give_up(self) -> None:
        """Called by the watch, from its thread, when a wait takes too long."""
        self._gave_up = True
        stream = self._stream
        if stream is not None:
            stream.cancel()

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.end()

    def _connect(self, address: str) -> Connection:
        return Connection(address, self._claim.session_id, token=self._token, progress=self._progress)

    def _switch(self, address: str) -> None:
        self._drop_stream()
        self._connection.close()
        self._connection = self._connect(address)

    def _fall_back(self, failed: str) -> None:
        """Leaves an address where nothing answers: a worker's own for a gateway's, that for the next."""
        if self.address == failed and (address := self._entrances.after(failed)) != failed:
            self._switch(address)

    def _go_direct(self, address: str) -> None:
        with self._attaching:
            self._switch(address)
            try:
                self._attach()
                return
            except TelegradError:
                # Out of reach from here, somebody else, or it wants another token: the gateway serves on.
                self._fall_back(address)
        self._reattach(None)


def _closed_here() -> ServerUnavailableError:
    return ServerUnavailableError("the session was closed on this side")
