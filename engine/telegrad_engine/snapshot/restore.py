"""Makes a session's graph again from what is stored of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from weakref import ref

from telegrad_engine.plan.gradient import GRADIENT, Pending, gradient_node
from telegrad_engine.runtime.device import Device
from telegrad_engine.snapshot.arrays import load_array
from telegrad_proto.codec import decode_attrs, decode_spec
from telegrad_proto.errors import PayloadError
from telegrad_proto.ir import Buffer, Node, Value
from telegrad_proto.opset import OPSET
from telegrad_proto.v1 import snapshot_pb2

#: Reads the bytes of an array that is stored under its digest.
Read = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a session consists of.

    Attributes:
        names: live values by id.
        buffers: the arrays that live ids hold.
        pending: backward passes not computed yet.
        last_id: the session's last id.
    """

    names: dict[int, Value]
    buffers: dict[int, Buffer]
    pending: list[Pending]
    last_id: int


def restore(graph: snapshot_pb2.StoredGraph, read: Read, device: Device) -> Restored:
    """The graph that a message stands for, its arrays on the device.

    Raises:
        PayloadError: the message is none of ours, or an array's bytes are not those that were stored.
        GraphError: a node that cannot be.
        OutOfMemoryError: it is more than the session may hold here.
    """
    total = sum([array.size_bytes for array in graph.arrays])
    device.check_room(total, "snapshot")
    try:
        return _Restore(graph, read, device).run()
    except IndexError:
        raise PayloadError("snapshot: a number that stands for nothing") from None


class _Restore:
    """One graph being made."""

    def __init__(self, graph: snapshot_pb2.StoredGraph, read: Read, device: Device) -> None:
        self._graph: Final = graph
        self._device: Final = device
        self._read: Final = read
        self._nodes: list[Node] = []
        self._values: list[Value | None] = [None] * len(graph.values)
        self._buffers: list[Buffer] = []

    def run(self) -> Restored:
        graph = self._graph
        for array in graph.arrays:
            made = load_array(array, self._read(array.digest), self._device.backend)
            self._buffers.append(Buffer(made, decode_spec(array.spec).nbytes, self._device.ledger))
        for node in graph.nodes:
            self._nodes.append(self._node(node))
        for number in range(len(graph.values)):
            self._value(number + 1)
        names = {name.id: self._value(name.value) for name in graph.names}
        buffers = {name.id: self._buffer(name.array) for name in graph.names if name.array}
        pending = [
            Pending(self._made(entry.node), tuple([self._made(n) for n in entry.region]))
            for entry in graph.pending
        ]
        return Restored(names, buffers, pending, graph.last_id)

    def _made(self, number: int) -> Node:
        if number < 1:
            raise IndexError
        return self._nodes[number - 1]

    def _buffer(self, number: int) -> Buffer:
        if number < 1:
            raise IndexError
        return self._buffers[number - 1]

    def _value(self, number: int) -> Value:
        if number < 1:
            raise IndexError
        known = self._values[number - 1]
        if known is not None:
            return known
        message = self._graph.values[number - 1]
        spec = decode_spec(message.spec)
        if message.node:
            value = self._made(message.node).output(message.index)
        else:
            value = Value(spec, leaf=self._buffer(message.array))
        if value.spec is not spec:
            raise PayloadError(f"snapshot: value {message.id} is {value.spec!r}, not {spec!r}")
        value.id, value.tracked, value.held = message.id, message.tracked, message.held
        self._values[number - 1] = value
        return value

    def _node(self, message: snapshot_pb2.StoredNode) -> Node:
        inputs = tuple([self._value(number) for number in message.inputs])
        if message.op == GRADIENT.name:
            node = _gradient(inputs, message.attrs)
        else:
            op = OPSET[message.op]
            attrs = decode_attrs(op, message.attrs)
            specs = op.infer(tuple([value.spec for value in inputs]), attrs)
            node = Node(op, inputs, attrs, specs, tuple(message.needs), message.attrs)
        node.origin, node.freed, node.dropped = message.origin, message.freed, message.dropped
        node.saved = tuple([self._buffer(number) for number in message.saved])
        if len(message.cells) != len(node.specs):
            raise PayloadError(f"snapshot: {message.op} has {len(node.specs)} outputs")
        node.cells = [ref(self._buffer(number)) if number else None for number in message.cells]
        return node


def _gradient(inputs: tuple[Value, ...], data: bytes) -> Node:
    count, given, batch = decode_attrs(GRADIENT, data)
    if not isinstance(count, int) or not isinstance(given, tuple) or not isinstance(batch, int | None):
        raise PayloadError("snapshot: a backward pass without its parts")
    rest = list(inputs[count:])
    cts = tuple([rest.pop(0) if flag else None for flag in given])
    return gradient_node(inputs[:count], cts, tuple(rest), batch=batch)
