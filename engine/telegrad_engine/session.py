"""A session: the append-only graph of one client, and what of it is in memory. Fragments in, outcomes out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from threading import Lock, RLock
from typing import Final

from telegrad_engine.grad.residuals import spent
from telegrad_engine.grad.reverse import gradients, region
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.registry import check_catalogue, load_families
from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.plan.gradient import Pending, gradient_node
from telegrad_engine.recurring import Recurring, Structure, structure_of
from telegrad_engine.releases import release
from telegrad_engine.runtime.answers import answer, fail, host_array
from telegrad_engine.runtime.backend import Backend, backend
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.evaluate import Evaluated, evaluate
from telegrad_engine.runtime.executor import Interrupt
from telegrad_engine.runtime.gauge import Gauge
from telegrad_engine.runtime.inspect import residuals_reply
from telegrad_engine.runtime.leaves import LeafMaker
from telegrad_engine.runtime.relief import relieve
from telegrad_engine.runtime.store import PayloadSink, PayloadStore
from telegrad_engine.snapshot.capture import Captured, Known, capture
from telegrad_engine.snapshot.restore import Read, restore
from telegrad_proto.backward import DecodedBackward
from telegrad_proto.codec import FragmentReader, check_fragment_size
from telegrad_proto.errors import (
    InternalError,
    LimitError,
    SessionExpiredError,
    StructureError,
    TelegradError,
)
from telegrad_proto.form import expand
from telegrad_proto.ir import Buffer, Ledger, Node, Value
from telegrad_proto.limits import (
    MAX_BACKWARD_NODES,
    MAX_LIVE_VALUES,
    OUTCOME_WINDOW,
)
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2, snapshot_pb2

#: Payloads that no leaf holds any more are remembered up to this size: the next epoch sends the same batches.
_SPARE_BYTES: Final = 256 * 1024 * 1024

_NO_BYTES: Final = memoryview(b"")

load_families()
check_catalogue()


class EngineSession:
    """The graph of one client.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        plans: plans shared with other sessions of the process.
        limit_bytes: how much the session may hold in memory; 0: no bound.
        gauge: what it has in common with the other sessions of its process, if anything.

    One fragment is applied at a time; `cancel` and `put` may be called from other threads meanwhile.
    """

    def __init__(
        self,
        device: str = "cpu",
        *,
        plans: PlanCache | None = None,
        limit_bytes: int = 0,
        gauge: Gauge | None = None,
    ) -> None:
        self._backend: Final[Backend] = backend(device)
        self._ledger: Final = Ledger()
        self._lock: Final = RLock()
        self._names: Final[dict[int, Value]] = {}
        self._buffers: Final[dict[int, Buffer]] = {}
        relief = partial(relieve, self._names, self._buffers, self._lock)
        self._device: Final = Device(
            self._backend, plans or PlanCache(), self._ledger, limit_bytes, gauge, relief
        )
        if gauge is not None:
            gauge.watch(self._ledger)
        self._payloads: Final = PayloadStore(min(limit_bytes // 8 or _SPARE_BYTES, _SPARE_BYTES))
        self._leaves: Final = LeafMaker(self._device, self._payloads)
        self._recurring: Final = Recurring(self._names, self._buffers, self._device, self._leaves)
        self._stored: Final[Known] = Known()
        self._pending: list[Pending] = []
        self._walked = 0
        self._last_id = 0
        self._closed = False
        self._running: tuple[int, Interrupt] | None = None
        self._cancel_lock: Final = Lock()
        self._cancelled: set[int] = set()
        self._seq = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of the arrays in memory."""
        return self._ledger.held_bytes

    @property
    def device(self) -> str:
        return self._backend.name

    def apply(self, fragment: session_pb2.Fragment) -> session_pb2.Outcome:
        """What came of the fragment. Errors are told in `outcome.error`; a wrong fragment changes nothing."""
        seq = fragment.seq
        outcome = session_pb2.Outcome(seq=seq)
        with self._lock:
            interrupt = Interrupt(fragment.timeout_ms / 1000)
            with self._cancel_lock:
                self._running = (seq, interrupt)
                self._seq = seq
                if self._cancelled:
                    if seq in self._cancelled:
                        interrupt.cancel()
                    self._cancelled = {s for s in self._cancelled if s > seq}
            try:
                self._check_open()
                structure = None if self._pending else structure_of(fragment, self._last_id, self._names)
                if structure is None or not self._shortcut(fragment, structure, outcome, interrupt):
                    self._long_way(fragment, structure, outcome, interrupt)
            except TelegradError as error:
                fail(outcome, error)
            except Exception as error:  # noqa: BLE001 - a defect of ours must not end the stream of a client
                fail(outcome, InternalError(f"{type(error).__name__}: {error}"), error)
            finally:
                with self._cancel_lock:
                    self._running = None
            outcome.held_bytes = self._ledger.held_bytes
        return outcome

    def _long_way(
        self,
        fragment: session_pb2.Fragment,
        structure: Structure | None,
        outcome: session_pb2.Outcome,
        interrupt: Interrupt,
    ) -> None:
        """Read the fragment into the graph, then compute what it wants."""
        started, outside = time.perf_counter_ns(), fragment.outside[:]
        fragment = expand(fragment)
        wanted, _held = self._append(fragment)
        outcome.applied = True
        timings = outcome.timings
        timings.apply_ns = time.perf_counter_ns() - started
        stats = self._evaluate(wanted, interrupt)
        timings.plan_ns, timings.execute_ns = stats.plan_ns, stats.execute_ns
        timings.steps, timings.plan_cached = stats.steps, stats.plan_cached
        answer(outcome, wanted[: len(fragment.fetches)], self._backend)
        if structure is not None and not self._pending:
            self._recurring.learn(structure, outside, fragment, self._last_id, stats.ran)

    def _shortcut(
        self,
        fragment: session_pb2.Fragment,
        structure: Structure,
        outcome: session_pb2.Outcome,
        interrupt: Interrupt,
    ) -> bool:
        """Do what a fragment of this structure did before; False where it has to go the long way."""
        started, leaves = time.perf_counter_ns(), fragment.leaves[:]
        shortcut = self._recurring.find(structure)
        if shortcut is None:
            return False
        values = self._recurring.follow(shortcut, structure, leaves, interrupt)
        if values is None:
            return False
        self._last_id = max(self._last_id, structure.base + shortcut.span)
        if leaves:
            self._leaves.used(leaves)
        outcome.applied = True
        timings = outcome.timings
        timings.execute_ns = time.perf_counter_ns() - started
        timings.steps, timings.plan_cached = len(shortcut.plan.steps), True
        answer(outcome, values, self._backend)
        return True

    def _append(self, fragment: session_pb2.Fragment) -> tuple[list[Value], list[Buffer]]:
        """Check all of the fragment, then make it part of the session; returns what to compute, and arrays.

        The arrays are those of released values that the fragment's nodes read: to be held until they have.
        """
        check_fragment_size(fragment)
        reader = FragmentReader(self._names, self._last_id)
        pending: list[Pending] = []
        freed: list[Node] = []
        releases = fragment.releases[:]  # a slice of a repeated field costs half of walking through it
        try:
            for leaf in fragment.leaves[:]:
                reader.define_leaf(leaf.id, *self._leaves.make(leaf))
            nodes = fragment.nodes
            done = 0
            self._walked = sum([len(entry.region) for entry in self._pending])
            for request in fragment.backwards[:]:
                after = request.after
                if not done <= after <= len(nodes):
                    raise StructureError(f"backward: stands after node {after} of {len(nodes)}, out of order")
                for message in nodes[done:after]:
                    reader.define_node(message)
                done = after
                self._backward(reader, reader.backward(request), pending, freed)
            for message in nodes[done:]:
                reader.define_node(message)
            wanted = [reader.value(id_, "fetch") for id_ in fragment.fetches[:]]
            wanted += [reader.value(id_, "demand") for id_ in fragment.demands[:]]
            self._check_releases(releases, wanted, reader)
        except BaseException:
            reader.undo()
            raise
        self._names.update(reader.new)
        self._last_id = reader.last_id
        for id_, value in reader.new.items():
            value.held = True
            if value.leaf is not None:
                self._buffers[id_] = value.leaf
        self._leaves.used(fragment.leaves)
        for node in freed:
            node.freed = True
        self._pending += pending
        return wanted, release(releases, fragment, self._names, self._buffers)

    def _check_open(self) -> None:
        if self._closed:
            raise SessionExpiredError("the session is closed")

    def _check_releases(self, releases: list[int], wanted: list[Value], reader: FragmentReader) -> None:
        names = self._names
        gone = {id_: names.get(id_) or reader.value(id_, "release") for id_ in releases}
        if len(gone) != len(releases):
            raise StructureError("release: an id is released twice")
        for value in wanted if gone else ():
            if value.id in gone:
                raise StructureError(
                    f"fetch: value {value.id} is released by the same fragment", value=value.id
                )
        live = len(self._names) + len(reader.new) - len(gone)
        if live > MAX_LIVE_VALUES:
            raise LimitError(f"session: at most {MAX_LIVE_VALUES} live values, got {live}")

    def _backward(
        self, reader: FragmentReader, request: DecodedBackward, pending: list[Pending], freed: list[Node]
    ) -> None:
        where = "backward"
        through = tuple(region(request.roots, request.wrt))
        self._walked += len(through)
        if self._walked > MAX_BACKWARD_NODES:
            raise LimitError(
                f"backward: passes not computed yet go through at most {MAX_BACKWARD_NODES} nodes together, "
                f"got at least {self._walked}"
            )
        if request.create_graph:
            values = gradients(
                request.roots, request.cotangents, request.wrt, create_graph=True, batch=request.batch
            )
            for id_, value in zip(request.gradients, values, strict=True):
                if value.id:  # a gradient that is its own cotangent has a name already
                    with g.tracking():
                        value = g.identity(value)
                reader.define(id_, value, where)
            return
        node = gradient_node(request.roots, request.cotangents, request.wrt, batch=request.batch)
        node.origin = request.gradients[0]
        for index, id_ in enumerate(request.gradients):
            reader.define(id_, node.output(index), where)
        pending.append(Pending(node, through))
        if not request.retain_graph:
            freed.extend(through)

    def _evaluate(self, wanted: Sequence[Value], interrupt: Interrupt) -> Evaluated:
        here = [value.buffer for value in wanted]  # what is there stays there, whatever else has to go
        stats, kept = evaluate(wanted, self._pending, self._device, interrupt)
        for value, buffer in kept:
            if value.held:
                self._buffers[value.id] = buffer
        for value in wanted:
            # It may have been in memory for a derivative's sake only.
            if value.id not in self._buffers and (known := value.buffer) is not None:
                self._buffers[value.id] = known
        del here
        if self._pending:
            self._settle()
        return stats

    def _settle(self) -> None:
        """Backward passes whose gradients are all computed, or no longer wanted, let go of what they kept.

        A live value whose graph they have used up becomes a leaf: a list of losses does not hold the batches
        that they were computed from. The client refuses a second backward pass through such a graph.
        """
        left = []
        freed: list[Node] = []
        # The latest first, each gone before the next is looked at: it may be the last to want an earlier one.
        while self._pending:
            entry = self._pending.pop()
            if entry.node.living_outputs():
                left.append(entry)
                continue
            for node in entry.region:
                if node.freed:
                    node.saved = ()
                    freed.append(node)
        left.reverse()
        self._pending = left
        if left:
            return  # one of them may lead through the same nodes
        for node in spent(freed):
            for value in node.living_outputs():
                if value.held and (known := value.buffer) is not None:
                    value.cut(known)

    def cancel(self, seq: int) -> bool:
        """Stop the evaluation of a fragment, or of one still to come; returns whether it was running."""
        with self._cancel_lock:
            if self._running is not None and self._running[0] == seq:
                self._running[1].cancel()
                return True
            # What is over cannot be stopped, and no client is further ahead than the window.
            if self._seq < seq <= self._seq + OUTCOME_WINDOW:
                self._cancelled.add(seq)
            return False

    def put(self, digest: bytes, size_bytes: int) -> PayloadSink:
        """Where to write a payload.

        Raises:
            OutOfMemoryError: the session may not hold so much.
            LimitError: nobody may.
            SessionExpiredError: the session is closed.
        """
        self._check_open()
        self._device.check_room(size_bytes, "put", self._payloads.waiting_bytes)
        return self._payloads.sink(digest, size_bytes)

    def missing(self, digests: list[bytes]) -> list[bytes]:
        """Those of the digests whose payloads are not here."""
        return self._payloads.missing(digests)

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A value's spec and bytes, computed now if they are not in memory.

        Raises:
            StructureError: the id names no live value.
            SessionExpiredError: the session is closed.
        """
        with self._lock:
            self._check_open()
            value = self._names.get(value_id)
            if value is None:
                raise StructureError(f"get: value {value_id} is released or never defined", value=value_id)
            self._evaluate([value], Interrupt())
            spec = value.spec
            return spec, memoryview(host_array(value, self._backend)).cast("B") if spec.nbytes else _NO_BYTES

    def capture(self) -> Captured:
        """What the session is now; raises SessionExpiredError once it is closed."""
        with self._lock:
            self._check_open()
            return capture(
                self._names,
                self._buffers,
                self._pending,
                self._last_id,
                known=self._stored,
                backend=self._backend,
            )

    def restore(self, graph: snapshot_pb2.StoredGraph, read: Read) -> None:
        """Become, new as this session is, what was captured; raises as `snapshot.restore.restore`."""
        with self._lock:
            found = restore(graph, read, self._device)
            self._names.update(found.names)
            self._buffers.update(found.buffers)
            self._pending, self._last_id = found.pending, found.last_id

    def residuals(self) -> session_pb2.ResidualsReply:
        """What is kept for backward passes to come: value, bytes, decision, reason."""
        with self._lock:
            return residuals_reply(self._names.values(), self._ledger.held_bytes)

    def close(self) -> None:
        """Free all memory; a fragment that comes later is answered with SESSION_EXPIRED."""
        with self._cancel_lock:
            if self._running is not None:
                self._running[1].cancel()
        with self._lock:
            self._closed = True
            self._names.clear()
            self._buffers.clear()
            self._pending.clear()
            self._payloads.clear()
            self._recurring.clear()
