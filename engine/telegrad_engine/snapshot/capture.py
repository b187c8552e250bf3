"""Notes what a session is, by reference: quick, for nothing else happens meanwhile. Bytes are read later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from telegrad_engine.plan.gradient import GRADIENT, Pending
from telegrad_engine.runtime.backend import Backend
from telegrad_engine.snapshot.arrays import store_array
from telegrad_proto.codec import attr_key, encode_attrs, encode_spec
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.ir import Buffer, Node, Value
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import snapshot_pb2

#: What stands for arrays that were stored before: arrays never change.
Known = WeakKeyDictionary[Buffer, snapshot_pb2.StoredArray]


@dataclass(frozen=True, slots=True)
class Captured:
    """A session's graph, with the arrays that it holds still to be read.

    Attributes:
        graph: without `arrays`.
        arrays: what belongs there.
        known: what stands for those that were read before.
        backend: where they are.
    """

    graph: snapshot_pb2.StoredGraph
    arrays: list[tuple[Buffer, Spec]]
    known: Known
    backend: Backend

    def blobs(self) -> Iterator[tuple[snapshot_pb2.StoredArray, Callable[[], memoryview]]]:
        """What stands for each of the arrays, in order, and how to get its bytes."""
        for buffer, spec in self.arrays:
            message = self.known.get(buffer)
            if message is None:
                message, data = store_array(buffer.array, spec, self.backend)
                self.known[buffer] = message
                yield message, partial(_same, data)
            else:
                yield message, partial(_again, buffer, spec, self.backend)


def _same(data: memoryview) -> memoryview:
    return data


def _again(buffer: Buffer, spec: Spec, backend: Backend) -> memoryview:
    return store_array(buffer.array, spec, backend)[1]


def capture(
    names: Mapping[int, Value],
    buffers: Mapping[int, Buffer],
    pending: Sequence[Pending],
    last_id: int,
    *,
    known: Known,
    backend: Backend,
) -> Captured:
    """The graph behind live ids and backward passes still to be computed.

    Args:
        names: the session's live values by id.
        buffers: the arrays that live ids hold.
        pending: backward passes not computed yet.
        last_id: the session's last id.
        known: what stands for arrays that were read for an earlier snapshot.
        backend: where the arrays are.
    """
    walk = _Capture(last_id)
    walk.run(names, buffers, pending)
    return Captured(walk.graph, walk.arrays, known, backend)


class _Capture:
    """One walk through a session's graph."""

    def __init__(self, last_id: int) -> None:
        self.graph = snapshot_pb2.StoredGraph(last_id=last_id)
        self.arrays: list[tuple[Buffer, Spec]] = []
        self._array_numbers: dict[int, int] = {}
        self._node_numbers: dict[int, int] = {}
        self._value_numbers: dict[int, int] = {}
        self._met: list[Value] = []  # kept alive, so that no identity is used twice

    def run(
        self, names: Mapping[int, Value], buffers: Mapping[int, Buffer], pending: Sequence[Pending]
    ) -> None:
        roots = [value.node for value in names.values() if value.node is not None]
        for entry in pending:
            roots += [*entry.region, entry.node]
        self._walk(roots)
        add = self.graph.names.add
        for id_, value in names.items():
            add(id=id_, value=self._value(value), array=self._array(buffers.get(id_), value.spec))
        for entry in pending:
            self.graph.pending.add(
                node=self._node_numbers[id(entry.node)],
                region=[self._node_numbers[id(node)] for node in entry.region],
            )

    def _walk(self, roots: Iterable[Node]) -> None:
        """Notes the nodes behind these, makers before users."""
        numbers = self._node_numbers
        for root in roots:
            stack = [root]
            while stack:
                node = stack[-1]
                if id(node) in numbers:
                    stack.pop()
                    continue
                missing = [v.node for v in node.inputs if v.node is not None and id(v.node) not in numbers]
                if missing:
                    stack += missing
                else:
                    stack.pop()
                    self._add(node)

    def _add(self, node: Node) -> None:
        message = self.graph.nodes.add(
            op=node.op.name,
            inputs=[self._value(value) for value in node.inputs],
            attrs=encode_attrs(node.attrs, None) if node.op is GRADIENT else attr_key(node),
            needs=node.needs,
            freed=node.freed,
            dropped=node.dropped,
            origin=node.origin,
        )
        self._node_numbers[id(node)] = len(self.graph.nodes)
        specs = {id(cell()): spec for cell, spec in zip(node.cells, node.specs, strict=True) if cell}
        specs.update((id(value.buffer), value.spec) for value in node.inputs)
        message.saved.extend([self._array(b, specs.get(id(b)) or _spec_of(b.array)) for b in node.saved])
        message.cells.extend(
            [
                self._array(None if cell is None else cell(), spec)
                for cell, spec in zip(node.cells, node.specs, strict=True)
            ]
        )
        for value in node.living_outputs():
            self._value(value)

    def _value(self, value: Value) -> int:
        found = self._value_numbers.get(id(value))
        if found is not None:
            return found
        node = value.node
        self.graph.values.add(
            spec=encode_spec(value.spec),
            node=0 if node is None else self._node_numbers[id(node)],
            index=value.index,
            array=self._array(value.leaf, value.spec) if node is None else 0,
            id=value.id,
            tracked=value.tracked,
            held=value.held,
        )
        self._met.append(value)
        number = self._value_numbers[id(value)] = len(self._met)
        return number

    def _array(self, buffer: Buffer | None, spec: Spec) -> int:
        if buffer is None:
            return 0
        found = self._array_numbers.get(id(buffer))
        if found is None:
            self.arrays.append((buffer, spec))
            found = self._array_numbers[id(buffer)] = len(self.arrays)
        return found


def _spec_of(array: Any) -> Spec:
    return Spec(tuple(array.shape), by_typestr[array.dtype.str])
