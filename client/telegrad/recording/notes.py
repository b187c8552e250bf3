"""Tensors and the client's picture of their graph <-> bytes, for a client that comes after this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import DecodeError

from telegrad.autograd.graph import Accumulate, Edge, Node, Rule, counter_of, leaf_edge, renamed
from telegrad.recording.recorder import Recorder, _rule
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Counter, Value
from telegrad_proto.codec import decode_spec, encode_spec
from telegrad_proto.errors import LimitError, PayloadError
from telegrad_proto.opset import OPSET
from telegrad_proto.v1 import notes_pb2

#: A message carries them, beside other things.
MAX_NOTES_BYTES: Final = 3 * 1024 * 1024

_FORMAT: Final = 1


def write_notes(tensors: Mapping[str, Tensor], recorder: Recorder) -> bytes:
    """What another client needs to know of these tensors.

    Raises:
        LimitError: the graphs behind them are too large.
    """
    raw = _Writer(recorder).run(tensors).SerializeToString()
    if len(raw) > MAX_NOTES_BYTES:
        raise LimitError(
            f"named tensors: the graphs behind them take at most {MAX_NOTES_BYTES} bytes to note, got "
            f"{len(raw)}: name fewer, or detach() them"
        )
    return raw


class _Writer:
    """One picture of named tensors being taken."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._notes = notes_pb2.Notes(format=_FORMAT)
        self._tensors: dict[int, int] = {}
        self._nodes: dict[int, int] = {}
        self._counters: dict[int, int] = {}
        self._before: dict[int, Tensor] = {}
        self._held: list[object] = []  # so that no identity is used twice

    def run(self, tensors: Mapping[str, Tensor]) -> notes_pb2.Notes:
        for tensor in tensors.values():
            tensor._refresh()
            if tensor._edge is not None:
                self._walk(tensor._edge[0])
        for name, tensor in tensors.items():
            number = self._tensor(tensor)
            message = self._notes.tensors[number - 1]
            if message.name:  # the same tensor under another name
                message = self._notes.tensors.add()
                message.CopyFrom(self._notes.tensors[number - 1])
            message.name = name
        return self._notes

    def _walk(self, root: Node | Accumulate) -> None:
        """Notes the nodes behind this one, makers before users."""
        stack = [root]
        while stack:
            node = stack[-1]
            if isinstance(node, Accumulate) or id(node) in self._nodes:
                stack.pop()
                continue
            missing = [
                edge[0]
                for edge in node.edges
                if edge is not None and isinstance(edge[0], Node) and id(edge[0]) not in self._nodes
            ]
            if missing:
                stack += missing
            else:
                stack.pop()
                self._add(node)

    def _add(self, node: Node) -> None:
        rule = node.rule
        own = node.__class__ is Node
        message = self._notes.nodes.add(
            op=rule.op,
            label=rule.label,
            outputs=rule.outputs,
            needs=rule.needs,
            inputs=node.inputs,
            output=node.output,
            # What was written in Python is gone with its process.
            freed=node.freed or not own,
            keeps=rule.saves or not own,
        )
        for edge in node.edges:
            noted = message.edges.add()
            if edge is None:
                continue
            if isinstance(edge[0], Accumulate):
                self._leaf(edge[0], noted)
            else:
                noted.node, noted.index = self._nodes[id(edge[0])], edge[1]
        for i in range(0, len(node.saved), 3):
            counter, version, spec = node.saved[i : i + 3]
            message.saves.add(
                counter=self._counter(counter), changed=counter.version != version, spec=encode_spec(spec)
            )
        self._held.append(node)
        self._nodes[id(node)] = len(self._notes.nodes)

    def _leaf(self, end: Accumulate, noted: notes_pb2.NotedEdge) -> None:
        """Notes the leaf where a path ends, and its value then, should it have been written to since."""
        noted.leaf = self._tensor(end.variable)
        if end.variable._value is not end.value:
            before = self._before.get(end.value.id)
            if before is None:
                before = self._before[end.value.id] = make(end.value, None, tracked=True)
            noted.was = self._tensor(before)

    def _tensor(self, tensor: Tensor) -> int:
        found = self._tensors.get(id(tensor))
        if found is not None:
            return found
        value = tensor._refresh()
        if value.recorder is None:
            value = self._recorder.adopt(tensor)
        edge = tensor._edge
        extra = tensor._extra
        grad = None if extra is None or extra.grad is None else self._tensor(extra.grad)
        message = self._notes.tensors.add(
            value=value.id,
            spec=encode_spec(value.spec),
            requires_grad=tensor._tracked,
            counter=self._counter(counter_of(tensor)),
            parameter=_is_parameter(tensor),
        )
        if edge is not None and id(edge[0]) in self._nodes:
            message.node, message.index = self._nodes[id(edge[0])], edge[1]
        if grad is not None:
            message.grad = grad
        self._held.append(tensor)
        number = self._tensors[id(tensor)] = len(self._notes.tensors)
        return number

    def _counter(self, counter: Counter) -> int:
        self._held.append(counter)
        return self._counters.setdefault(id(counter), len(self._counters) + 1)


def read_notes(raw: bytes, recorder: Recorder) -> tuple[dict[str, Tensor], set[int]]:
    """The tensors that another client noted, and the ids that they and their graphs hold.

    Raises:
        PayloadError: these are no notes.
    """
    try:
        notes = notes_pb2.Notes.FromString(raw)
        return _Reader(recorder, notes).run()
    except (DecodeError, IndexError, KeyError) as error:
        raise PayloadError(f"the session's notes cannot be read: {error!r}") from None


class _Reader:
    """Named tensors being made again."""

    def __init__(self, recorder: Recorder, notes: notes_pb2.Notes) -> None:
        self._recorder = recorder
        self._notes = notes
        self._counters: dict[int, Counter] = {}
        self._values: dict[int, Value] = {}
        self._tensors: dict[int, Tensor] = {}
        self._nodes: list[Node] = []
        self._ends: dict[tuple[int, int], Accumulate] = {}

    def run(self) -> tuple[dict[str, Tensor], set[int]]:
        found = {}
        for node in self._notes.nodes:
            self._nodes.append(self._node(node))
        for number, message in enumerate(self._notes.tensors, 1):
            if message.name:
                found[message.name] = self._tensor(number)
        return found, set(self._values)

    def _tensor(self, number: int) -> Tensor:
        known = self._tensors.get(number)
        if known is not None:
            return known
        message = self._notes.tensors[number - 1]
        value = self._values.get(message.value)
        if value is None:
            value = Value(message.value, decode_spec(message.spec), self._recorder)
            self._values[message.value] = value
        edge = (self._nodes[message.node - 1], message.index) if message.node else None
        tensor = make(value, edge, tracked=message.requires_grad)
        if message.parameter:
            tensor = _as_parameter(tensor)
        value.counter = self._counter(message.counter)
        self._tensors[number] = tensor
        if message.grad:
            tensor._extras().grad = self._tensor(message.grad)
        return tensor

    def _leaf(self, edge: notes_pb2.NotedEdge) -> Edge:
        leaf = self._tensor(edge.leaf)
        if not edge.was:
            return leaf_edge(leaf)
        end = self._ends.get((edge.leaf, edge.was))
        if end is None:
            end = self._ends[edge.leaf, edge.was] = Accumulate(leaf, self._tensor(edge.was)._value)
        return end, 0

    def _counter(self, number: int) -> Counter:
        found = self._counters.get(number)
        if found is None:
            found = self._counters[number] = Counter()
        return found

    def _node(self, message: notes_pb2.NotedNode) -> Node:
        edges: list[Edge | None] = []
        for edge in message.edges:
            if edge.leaf:
                edges.append(self._leaf(edge))
            else:
                edges.append((self._nodes[edge.node - 1], edge.index) if edge.node else None)
        saved: list[object] = []
        for save in message.saves:
            saved += (self._counter(save.counter), -1 if save.changed else 0, decode_spec(save.spec))
        node = Node(_rule_of(message), tuple(edges), tuple(message.inputs), message.output, tuple(saved))
        node.freed = message.freed
        return node


def _is_parameter(tensor: Tensor) -> bool:
    if tensor.__class__ is Tensor:
        return False
    from telegrad.nn.parameter import Parameter  # late: who has none needs no modules

    return isinstance(tensor, Parameter)


def _as_parameter(tensor: Tensor) -> Tensor:
    from telegrad.nn.parameter import Parameter, of_own

    return of_own(Parameter, tensor, tensor._tracked)


def _rule_of(message: notes_pb2.NotedNode) -> Rule:
    if message.op:
        tracked = 1
        for position in range(len(message.inputs)):
            tracked = tracked << 1 | (position in message.needs)
        rule = _rule(OPSET[message.op], tracked)
        if rule is not None:
            return rule if rule.label == message.label else renamed(rule, message.label)
    rule = Rule(message.label, "", message.outputs)
    rule.saves = message.keeps
    return rule
