"""The current session: when what is recorded is sent, and how answers are waited for.

Work is sent when a value is looked at, at a backward pass, at the end of a notebook cell, when enough is
pending, and on `flush()`. Only a look waits. Outcomes come in the order of the fragments, so a look first
takes in those that nobody has waited for; an error in one of them is raised there, with the line that made
the node.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from telegrad.errors import at_line
from telegrad.explain import Log, Message
from telegrad.recording.recorder import Recorder
from telegrad.transport.base import Transport
from telegrad.wire.callsite import here
from telegrad.wire.convert import NDArray, array_of
from telegrad.wire.forms import Forms
from telegrad.wire.fragments import Batch, fragments_of
from telegrad.wire.refusals import LeafRefusedError, Refusals
from telegrad.wire.values import Value
from telegrad_proto.errors import (
    CancelledError,
    EvaluationError,
    GraphError,
    OutOfMemoryError,
    PayloadError,
    SessionError,
    TelegradError,
)
from telegrad_proto.form import expand
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2

if TYPE_CHECKING:
    from telegrad.naming import Names

#: Fragments sent and not answered before a sender waits: the server keeps the answers of a few more
#: (OUTCOME_WINDOW).
UNANSWERED_LIMIT: Final = 32


@dataclass(slots=True)
class _Sent:
    """A fragment whose outcome has not come yet."""

    seq: int
    fetched: dict[int, Value]
    started: float
    fragment: session_pb2.Fragment
    leaves: list[ref[Value]]
    message: Message | None = None
    interrupted: bool = False


class Session:
    """One session with an engine, wherever that is.

    Attributes:
        recorder: what is recorded for it.
        transport: how its fragments travel.
        log: what was sent, when and why.
        names: its named tensors, if the session has a name itself.
    """

    def __init__(
        self, transport: Transport, *, timeout_s: float | None = None, names: Names | None = None
    ) -> None:
        self.transport = transport
        self.recorder = Recorder(self)
        self.log = Log()
        self.timeout_s = timeout_s
        self.names = names
        self.lock = threading.RLock()
        self._opened: session_pb2.Opened | None = None
        self._seq = 0
        self._unanswered: deque[_Sent] = deque()
        self._coming: dict[int, int] = {}
        self._failure: TelegradError | None = None
        self._refusals = Refusals()
        self._forms = Forms()
        self._uploaded_bytes = 0  # since the last fragment
        self._closed = False
        # Also at the interpreter's end: a server then need not wait for the session's lease.
        self._end = weakref.finalize(self, transport.close)

    def open(self) -> session_pb2.Opened:
        """Connects, once; what the server said about itself.

        Raises:
            TelegradError: as `Transport.open`.
        """
        with self.lock:
            if self._closed:
                raise SessionError("the session is closed: connect() opens another")
            if self._opened is None:
                self._opened = self.transport.open()
                if self.names is not None:
                    self._seq = self._opened.applied_seq
                    self.names.take_up(self._opened, self.recorder)
            return self._opened

    @property
    def device(self) -> str:
        """What computes, as the server names it."""
        return self.open().device

    @property
    def address(self) -> str:
        return self.transport.address

    def flush(
        self, reason: str, fetches: Sequence[Value] = (), demands: Sequence[Value] = (), *, live: bool = False
    ) -> int:
        """Sends what is pending, without waiting for the outcome; the number of the last fragment.

        Args:
            reason: why, for `explain()`.
            fetches: values to compute and send back.
            demands: values to compute and keep.
            live: also compute and keep what is pending and held by a tensor.
        """
        with self.lock:
            opened = self.open() if self._opened is None or self._closed else self._opened
            notes = b"" if self.names is None else self.names.notes(self.recorder)
            batch = self._take()
            wanted = [value.id for value in demands]
            if live:
                wanted += self._live_outputs(batch)
            if not (batch.nodes or fetches or wanted or batch or notes):
                return self._seq
            fetched = {value.id: value for value in fetches}
            fragments = self._fragments(batch, opened.inline_limit_bytes, list(fetched), wanted)
            leaves = [ref(value) for value in batch.leaves]
            last, part = fragments.pop()
            for fragment, earlier in fragments:
                self._send(fragment, reason, {}, leaves, earlier)
            if notes:
                last.notes = notes
            if self.timeout_s is not None:
                last.timeout_ms = max(1, int(self.timeout_s * 1000))
            self._send(last, reason, fetched, leaves, part, len(wanted))
            return self._seq

    def _fragments(
        self, batch: Batch, inline_bytes: int, fetches: list[int], demands: list[int]
    ) -> list[tuple[session_pb2.Fragment, Batch]]:
        """The messages of a batch, its large arrays uploaded."""
        given: dict[str, Any] = {
            "inline_bytes": inline_bytes,
            "upload": self._upload,
            "forms": self._forms,
            "fetches": fetches,
            "demands": demands,
        }
        try:
            try:
                return fragments_of(batch, **given)
            except LeafRefusedError as refused:
                first = batch.first_id
                released = [id_ for id_ in batch.released if id_ < first]
                if not released or not isinstance(refused.error, OutOfMemoryError):
                    raise
                # The room may be taken by what these releases are about to free.
                batch.released = [id_ for id_ in batch.released if id_ >= first]
                gone = Batch(released=released)
                self._send(session_pb2.Fragment(releases=released), "release", {}, [], gone)
                while self._unanswered:
                    self._receive_one()
                return fragments_of(batch, **given)
        except LeafRefusedError as refused:
            self._refusals.drop(batch, refused)
            self._put_back(batch)
            raise refused.error from None
        except BaseException:
            # Nothing of it was sent: what was recorded is not lost with the error.
            self._put_back(batch)
            raise

    def _upload(self, value: Value, data: memoryview) -> bytes:
        """Sends an array apart from the fragments, if the server does not have it; its digest."""
        digest = digest_of(data)
        try:
            if self.transport.put(digest, data):
                self._uploaded_bytes += len(data)
        except (EvaluationError, GraphError, PayloadError) as error:
            raise LeafRefusedError(value, error) from None
        return digest

    def _take(self) -> Batch:
        recorder = self.recorder
        with recorder.lock:
            batch = Batch(recorder.pending, recorder.leaves, recorder.backwards, next_id=recorder.next_id)
            recorder.pending, recorder.leaves, recorder.backwards = [], [], []
            # A finalizer may append at any moment: what it appends after the slice stays for the next
            # fragment.
            count = len(recorder.released)
            batch.released = recorder.released[:count]
            del recorder.released[:count]
        if self._refusals:
            batch.released = self._refusals.without(batch.released)
        return batch

    def _put_back(self, batch: Batch) -> None:
        if self.names is not None:
            self.names.forget_noted()
        recorder = self.recorder
        with recorder.lock:
            recorder.pending[:0] = batch.nodes
            recorder.leaves[:0] = batch.leaves
            recorder.backwards[:0] = batch.backwards
            recorder.released[:0] = batch.released

    def _live_outputs(self, batch: Batch) -> list[int]:
        gone = set(batch.released)
        found = []
        for op, _, _, output, *_ in batch.nodes:
            found += [output + i for i in range(op.outputs) if output + i not in gone]
        return found

    def _send(
        self,
        fragment: session_pb2.Fragment,
        reason: str,
        fetched: dict[int, Value],
        leaves: list[ref[Value]],
        batch: Batch,
        demands: int = 0,
    ) -> None:
        while len(self._unanswered) >= UNANSWERED_LIMIT:
            self._receive_one()
        self._seq = fragment.seq = seq = self._seq + 1
        for value_id in fetched:
            self._coming[value_id] = seq
        sent = _Sent(seq, fetched, perf_counter(), fragment, leaves)
        self._unanswered.append(sent)
        size = 0
        try:
            size = self.transport.send(fragment)
        except KeyboardInterrupt:
            self._interrupted()
            raise
        finally:
            # What is only told later is noted when the message is on its way.
            self.recorder.remember(batch.nodes)
            sent.message = Message(
                seq,
                reason,
                here(),
                len(batch.nodes),
                len(batch.leaves),
                len(batch.backwards),
                len(fetched),
                demands,
                len(batch.released),
                sent_bytes=size,
                uploaded_bytes=self._uploaded_bytes,
            )
            self._uploaded_bytes = 0
            self.log.add(sent.message)

    def _interrupted(self) -> None:
        for sent in self._unanswered:
            sent.interrupted = True

    def _receive_one(self) -> None:
        """Takes in the oldest outcome; an error in it is kept for who waits."""
        sent = self._unanswered[0]
        try:
            before = self.transport.traffic.received_bytes
            outcome = self.transport.receive(self.timeout_s)
        except KeyboardInterrupt:
            self._interrupted()
            raise
        self._unanswered.popleft()
        message, coming = sent.message, self._coming
        assert message is not None, "it was noted when the fragment was sent"
        for value_id in sent.fetched:
            if coming.get(value_id) == sent.seq:
                del coming[value_id]
        for fetched in outcome.values:
            value = sent.fetched.get(fetched.id)
            if value is None:
                continue
            spec = value.spec
            data = self.transport.get(fetched.id)[1] if fetched.by_get else fetched.data
            value.local = array_of(spec, data)
            message.fetched_bytes += spec.nbytes
        message.received_bytes = self.transport.traffic.received_bytes - before
        message.took_s = perf_counter() - sent.started
        timings = outcome.timings
        message.plan_cached = timings.plan_cached if timings.steps else None
        message.execute_s = timings.execute_ns / 1e9
        if outcome.HasField("error"):
            error = from_status(outcome.error)
            message.error = type(error).__name__
            error = at_line(error, self.recorder) if outcome.applied else self._refused(sent, error)
            if not (sent.interrupted and isinstance(error, CancelledError)):
                self._failure = self._failure or error

    def _refused(self, sent: _Sent, error: TelegradError) -> TelegradError:
        """Forgets what only a refused fragment would have made known; the error to raise."""
        if self.names is not None:
            self.names.forget_noted()
        recorder, fragment = self.recorder, expand(sent.fragment)
        with recorder.lock:
            ids = {leaf.id for leaf in fragment.leaves}
            own = [known for known in sent.leaves if (value := known()) is not None and value.id in ids]
            error, released = self._refusals.add(fragment, own, at_line(error, recorder))
            recorder.released[:0] = released
            recorder.constants.clear()
        return error

    def wait(self, seq: int) -> None:
        """Takes in every outcome up to this fragment's.

        Raises:
            TelegradError: one of them was an error; the first is raised, the session goes on.
        """
        while self._unanswered and self._unanswered[0].seq <= seq:
            self._receive_one()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def fetch(self, values: Sequence[Value], reason: str = "look") -> list[NDArray]:
        """The values' arrays, read-only: free where they are known here, else one message and a wait.

        Raises:
            TelegradError: they cannot be computed.
        """
        missing = [value for value in values if value.local is None]
        if missing:
            with self.lock:
                coming = 0
                for value in missing:
                    coming = max(coming, self._coming.get(value.id, 0))
                if coming:
                    self.wait(coming)
                    missing = [value for value in missing if value.local is None]
                if missing:
                    self.wait(
                        self.flush(reason, fetches=list({value.id: value for value in missing}.values()))
                    )
        found = []
        for value in values:
            if value.local is None:
                raise SessionError("the server did not send a value that it was asked for")
            found.append(value.local)
        return found

    def end_cell(self) -> None:
        """Sends what is pending at the end of a notebook's cell; trouble waits until somebody looks."""
        with self.lock:
            if not (self.recorder.pending or self.recorder.leaves or self.recorder.released):
                return
            try:
                self.flush("cell end", live=True)
            except TelegradError as error:
                self._failure = self._failure or error

    def synchronize(self) -> None:
        """Sends what is pending and waits until all of it is computed."""
        with self.lock:
            self.wait(self.flush("synchronize", live=True))

    def close(self, *, forget: bool = False) -> None:
        """Ends the session; tensors whose arrays are known here stay usable.

        Args:
            forget: also where it has a name: then too the server keeps nothing of it.
        """
        with self.lock:
            if self._closed:
                return
            if forget:
                self.transport.forget()
            elif self.names is not None:
                self.end_cell()
                with suppress(TelegradError):
                    self.wait(self._seq)  # what is on its way would be lost with the connection
            self._closed = True
            self.recorder.closed = True
            self._end()
