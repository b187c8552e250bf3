"""One session on a worker: an engine session, applied to in order and exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Final, Protocol

from telegrad_proto.envelope import enclose
from telegrad_proto.errors import (
    ProtocolError,
    SessionError,
    SessionNotFoundError,
    StaleEpochError,
    TelegradError,
)
from telegrad_proto.limits import MAX_MESSAGE_BYTES
from telegrad_proto.spec import Spec
from telegrad_proto.status import to_status
from telegrad_proto.v1 import session_pb2, snapshot_pb2
from telegrad_server.api.faults import incident
from telegrad_server.api.ports import Sink
from telegrad_server.core.epochs import FIRST
from telegrad_server.core.sequencing import Sequencer
from telegrad_server.failpoints import FAILING, reach
from telegrad_server.worker.failing import announce_evaluation

#: Outcomes stored with a snapshot: no client has more fragments unanswered.
_OUTCOMES_STORED: Final = 32


class Captured(Protocol):
    """The part of `telegrad_engine.snapshot.capture.Captured` that a server uses."""

    @property
    def graph(self) -> snapshot_pb2.StoredGraph: ...
    def blobs(self) -> Iterator[tuple[snapshot_pb2.StoredArray, Callable[[], memoryview]]]: ...


class Engine(Protocol):
    """The part of `telegrad_engine.session.EngineSession` that a server uses."""

    @property
    def held_bytes(self) -> int: ...
    def apply(self, fragment: session_pb2.Fragment) -> session_pb2.Outcome: ...
    def cancel(self, seq: int) -> bool: ...
    def put(self, digest: bytes, size_bytes: int) -> Sink: ...
    def missing(self, digests: list[bytes]) -> list[bytes]: ...
    def get(self, value_id: int) -> tuple[Spec, memoryview]: ...
    def residuals(self) -> session_pb2.ResidualsReply: ...
    def capture(self) -> Captured: ...
    def restore(self, graph: snapshot_pb2.StoredGraph, read: Callable[[bytes], bytes]) -> None: ...
    def close(self) -> None: ...


class WorkerSession:
    """An engine session with its place in the conversation.

    The stream's own thread runs the engine; the lock only keeps a stream that was replaced, and the calls
    beside the stream, from running it at the same time.
    """

    __slots__ = (
        "_answered_seq",
        "_cancelled_seq",
        "_closed",
        "_engine",
        "_lock",
        "_refusal",
        "_replay_seq",
        "_running_seq",
        "_sequencer",
        "client_id",
        "durable_seq",
        "epoch",
        "notes",
        "session_id",
        "snapshot_wanted",
    )

    def __init__(
        self,
        session_id: str,
        engine: Engine,
        *,
        epoch: int = FIRST,
        client_id: bytes = b"",
        sequencer: Sequencer | None = None,
        durable_seq: int = 0,
        notes: bytes = b"",
    ) -> None:
        self.session_id = session_id
        self.epoch = epoch
        self.client_id = client_id
        self.durable_seq = durable_seq
        self.snapshot_wanted = False
        self.notes = notes
        self._engine = engine
        self._sequencer = Sequencer() if sequencer is None else sequencer
        self._lock = threading.Lock()
        self._running_seq = 0
        self._answered_seq = 0
        self._cancelled_seq = 0
        self._replay_seq = 0
        self._closed = False
        self._refusal: SessionError | None = None

    @property
    def held_bytes(self) -> int:
        return self._engine.held_bytes

    @property
    def running_seq(self) -> int:
        return self._running_seq

    @property
    def key(self) -> str:
        """What of the id stays, wherever the session lives."""
        return self.session_id.partition(".")[2]

    @property
    def applied_seq(self) -> int:
        return self._sequencer.applied_seq

    def resume(self, answered_seq: int) -> None:
        """Lets the outcomes that the client has be dropped.

        What it sends again of these fragments is computed as it was, and not sent back.

        Takes no lock: an earlier stream may still evaluate a fragment, and the client need not wait for that
        to learn that its session is alive.
        """
        self._answered_seq = self._replay_seq = answered_seq

    def apply(self, request: bytes, fragment: session_pb2.Fragment) -> bytes:
        """The serialized Reply to a fragment, from the engine or from record.

        Args:
            request: the message as it came, whose digest tells a repeated fragment from a changed one.
            fragment: the fragment in it.

        Raises:
            SessionError: the session was freed meanwhile, or has another client.
        """
        digest = blake2b(request, digest_size=16).digest()
        seq = fragment.seq
        with self._lock:
            if self._answered_seq:
                self._sequencer.answered(self._answered_seq)
                self._answered_seq = 0
            try:
                recorded = self._sequencer.arrive(seq, digest)
            except ProtocolError as error:
                return _failed(seq, error)
            if recorded is not None:
                return recorded
            if self._closed:
                raise self._refused()
            self._running_seq = seq
            if seq <= self._cancelled_seq:
                self._engine.cancel(seq)
            if fragment.snapshot:
                self.snapshot_wanted = True
            if FAILING:
                reach("before_apply")
                announce_evaluation(fragment)
            if seq <= self._replay_seq:
                if FAILING:
                    reach("during_replay")
                fragment.timeout_ms = 0  # it was met, where it was not the client has left out what took long
            try:
                outcome = self._engine.apply(fragment)
                if FAILING:
                    reach("after_compute")
                if seq <= self._replay_seq:
                    del outcome.values[:]
                if fragment.notes and outcome.applied:
                    self.notes = fragment.notes
                if self.durable_seq:
                    outcome.durable_seq = self.durable_seq
                reply = _reply(outcome)
            except Exception as error:  # noqa: BLE001  # a defect: the caller gets an incident, the log the rest
                reply = _failed(seq, incident(error, f"fragment {seq} of session {self.session_id}"))
            self._running_seq = 0
            if FAILING:
                reach("before_record")
            self._sequencer.record(digest, reply)
            if FAILING:
                reach("before_send")
            return reply

    def cancel(self, seq: int) -> bool:
        """Stops the evaluation of fragments up to this one, come or not; whether one was running.

        Takes no lock: the evaluation that it is to stop holds it.
        """
        self._cancelled_seq = max(self._cancelled_seq, seq)
        running = self._running_seq
        return 0 < running <= seq and self._engine.cancel(running)

    def put(self, digest: bytes, size_bytes: int) -> Sink:
        """Where to write an announced payload."""
        with self._lock:
            return self._open_engine().put(digest, size_bytes)

    def finish(self, sink: Sink) -> None:
        """Makes a completely written payload known to later fragments."""
        with self._lock:
            self._open_engine()
            if FAILING:
                reach("put")
            sink.finish()

    def missing(self, digests: list[bytes]) -> list[bytes]:
        """Those of the payloads that are not here."""
        with self._lock:
            return self._open_engine().missing(digests)

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A computed value: what it is, and its bytes."""
        with self._lock:
            return self._open_engine().get(value_id)

    def residuals(self) -> session_pb2.ResidualsReply:
        """What is kept for later backward passes."""
        with self._lock:
            return self._open_engine().residuals()

    def recall(self) -> tuple[bytes, int, list[int]]:
        """What a new client of a named session has to know: notes, the last id, the ids that are held."""
        with self._lock:
            graph = self._open_engine().capture().graph
            return self.notes, graph.last_id, [name.id for name in graph.names]

    def capture(self, timeout_s: float) -> tuple[snapshot_pb2.Snapshot, Captured] | None:
        """What the session is now; None where it computes for so long, or is closed.

        Raises:
            TelegradError: the engine cannot tell.
        """
        if not self._lock.acquire(timeout=timeout_s):
            return None
        try:
            if self._closed:
                return None
            captured = self._engine.capture()
            snapshot = snapshot_pb2.Snapshot(
                key=self.key,
                epoch=self.epoch,
                seq=self.applied_seq,
                graph=captured.graph,
                notes=self.notes,
            )
            for record in self._sequencer.latest(_OUTCOMES_STORED):
                snapshot.outcomes.add(digest=record.digest, outcome=record.outcome)
            return snapshot, captured
        finally:
            self._lock.release()

    def hand_over(self, epoch: int, client_id: bytes) -> WorkerSession:
        """The same session for another client; this one's streams and calls are refused from now on."""
        self.cancel(2**64)
        with self._lock:
            if self._closed:
                raise self._refused()
            self._closed = True
            self._refusal = StaleEpochError(
                f"session {self.session_id}: another client has connected to it", epoch=epoch
            )
            return WorkerSession(
                self.session_id,
                self._engine,
                epoch=epoch,
                client_id=client_id,
                sequencer=self._sequencer,
                durable_seq=self.durable_seq,
                notes=self.notes,
            )

    def close(self) -> None:
        """Stops what is running and frees everything."""
        self.cancel(2**64)
        with self._lock:
            if not self._closed:
                self._closed = True
                self._engine.close()

    def _refused(self) -> SessionError:
        return self._refusal or SessionNotFoundError(f"session {self.session_id}: it was closed")

    def _open_engine(self) -> Engine:
        if self._closed:
            raise self._refused()
        return self._engine


def _reply(outcome: session_pb2.Outcome) -> bytes:
    reply = enclose(outcome.SerializeToString())
    if len(reply) <= MAX_MESSAGE_BYTES:
        return reply
    # Each value is small enough to travel here, but not all of them together.
    for value in outcome.values:
        value.by_get = True
    return enclose(outcome.SerializeToString())


def _failed(seq: int, error: TelegradError) -> bytes:
    return _reply(session_pb2.Outcome(seq=seq, error=to_status(error)))
