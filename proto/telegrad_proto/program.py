"""Programs: saved graphs, read with every check, and built for the length of batch that a call brings.

What stands in a program is a graph like any other, of one length of the batch axis. A table says which of its
attributes and constants go with that length, and how: so the same program serves a batch of any other,
exactly, and its shapes are inferred anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from typing import Final

from google.protobuf.message import DecodeError

from telegrad_proto.backward import DecodedBackward
from telegrad_proto.codec import FragmentReader, decode_attrs, decode_leaf, decode_spec, encode_attrs
from telegrad_proto.errors import DigestError, LimitError, PayloadError, StructureError, VersionError
from telegrad_proto.ir import Buffer, Ledger, Value
from telegrad_proto.limits import MAX_PROGRAM_BYTES, MAX_PROGRAM_ENTRIES, MAX_PROGRAM_NODES
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.payload import DIGEST_BYTES, digest_of
from telegrad_proto.spec import Spec, batch_of
from telegrad_proto.tree import Kind, check_tree
from telegrad_proto.v1 import graph_pb2, program_pb2
from telegrad_proto.varying import number_at, packed, replaced

#: Grows by one when an older reader would misread what a newer writer writes.
FORMAT: Final = 1

#: What stands before the seal: the tag of field 15, and its length.
_SEAL: Final = bytes([15 << 3 | 2, DIGEST_BYTES])

#: Stands where an array will: what is built is not computed here.
NOTHING: Final = Buffer(None, 0, Ledger())

Differentiate = Callable[[DecodedBackward], Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Input:
    """What a program takes.

    Attributes:
        name: the parameter's, and the way to the leaf.
        spec: shape and type; the leading dimension of a batched one is the length it was traced with.
        batched: it has the batch axis.
    """

    name: str
    spec: Spec
    batched: bool

    @property
    def shown(self) -> str:
        """The spec for people, with n for the batch axis."""
        return _shown(self.spec, batched=self.batched)


@dataclass(frozen=True, slots=True)
class Output:
    """What a program gives, as `Input`."""

    spec: Spec
    batched: bool

    @property
    def shown(self) -> str:
        """As an input's."""
        return _shown(self.spec, batched=self.batched)


def _shown(spec: Spec, *, batched: bool) -> str:
    dims = ["n" if batched and not i else str(dim) for i, dim in enumerate(spec.shape)]
    return f"{spec.dtype.name}[{', '.join(dims)}]"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A program's graph for one length of the batch axis.

    Attributes:
        inputs: leaves, in the order of the program's inputs.
        constants: leaves, in the order of its constants.
        outputs: what it gives.
        nodes: all nodes' first outputs, in order.
    """

    inputs: tuple[Value, ...]
    constants: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Value, ...]


@cache
def meaning_of(op: Op) -> bytes:
    """16 bytes that tell what an operator means from anything else that its name could mean."""
    meant = (
        op.name,
        op.inputs,
        op.variadic,
        [(a.name, a.type) for a in op.attributes],
        op.rule,
        sorted((name, repr(value)) for name, value in op.params.items()),
        op.outputs,
    )
    return blake2b(json.dumps(meant, separators=(",", ":")).encode(), digest_size=16).digest()


def seal(message: program_pb2.Program) -> bytes:
    """The bytes of a program, closed by their digest.

    Raises:
        LimitError: they are too many.
    """
    message.ClearField("seal")
    body = message.SerializeToString(deterministic=True)
    if len(body) > MAX_PROGRAM_BYTES:
        raise LimitError(f"program: at most {MAX_PROGRAM_BYTES} bytes, got {len(body)}")
    return body + _SEAL + digest_of(body)


class Blueprint:
    """A program, checked.

    Attributes:
        message: as it came.
        digest: its name.
        inputs: what it takes, in the order of the tree `message.arguments`.
        outputs: what it gives, in the order of `message.result`.
        length: of the batch axis in what stands in the message; 0: there is none.
    """

    def __init__(self, raw: bytes | memoryview) -> None:
        self.message: Final = _parsed(raw)
        self.digest: Final = digest_of(raw)
        self.size_bytes: Final = len(raw)
        self.length: Final = self.message.length
        _check_counts(self.message)
        _check_operators(self.message)
        self.inputs: Final = tuple(
            [Input(m.name, decode_spec(m.spec), m.batched) for m in self.message.inputs]
        )
        self._check_inputs()
        self._check_varying()
        graph = self.build(self.length, placeholders)
        self.outputs: Final = tuple(
            [Output(v.spec, m.batched) for v, m in zip(graph.outputs, self.message.outputs, strict=True)]
        )

    @classmethod
    def from_bytes(cls, raw: bytes | memoryview) -> Blueprint:
        """The program in these bytes.

        Raises:
            PayloadError: there is none in them.
            DigestError: they were cut short, or changed.
            VersionError: a newer telegrad made it, or an operator means something else by now.
            GraphError: its graph is wrong; any of its kinds.
        """
        return cls(raw)

    @property
    def name(self) -> str:
        return self.message.name

    @cached_property
    def index(self) -> dict[str, int]:
        """The inputs' positions by name."""
        return {given.name: i for i, given in enumerate(self.inputs)}

    def input_specs(self, length: int) -> tuple[Spec, ...]:
        """The inputs' specs for a batch of this length."""
        return tuple([_with_length(i.spec, length) if i.batched else i.spec for i in self.inputs])

    def build(self, length: int, differentiate: Differentiate) -> Graph:
        """The graph for a batch of this length.

        Args:
            length: of the batch axis; 0 where there is none, too.
            differentiate: gives the gradients that a backward request inside asks for.

        Raises:
            GraphError: the graph is wrong, or cannot be of this length.
        """
        message = self.message
        reader = FragmentReader({}, 0)
        for given, spec in zip(message.inputs, self.input_specs(length), strict=True):
            reader.define_leaf(given.id, spec, NOTHING)
        for leaf in message.leaves:
            reader.define_leaf(leaf.id, decode_leaf(leaf)[0], NOTHING)
        changed = {} if length == self.length else self._changed_nodes(length)
        nodes = message.nodes
        done = 0
        for request in message.backwards:
            after = request.after
            if not done <= after <= len(nodes):
                raise StructureError(f"backward: stands after node {after} of {len(nodes)}, out of order")
            for i in range(done, after):
                reader.define_node(changed.get(i) or nodes[i])
            done = after
            decoded = reader.backward(request)
            for id_, value in zip(decoded.gradients, differentiate(decoded), strict=True):
                reader.define(id_, value, "backward")
        for i in range(done, len(nodes)):
            reader.define_node(changed.get(i) or nodes[i])
        outputs = tuple([reader.value(m.id, "output") for m in message.outputs])
        for value, wanted in zip(outputs, message.outputs, strict=True):
            if wanted.batched and (not value.spec.ndim or value.spec.shape[0] != length):
                raise StructureError(
                    f"output: one with the batch axis has {length} rows here, got {value.spec!r}"
                )
        return Graph(
            tuple([reader.new[m.id] for m in message.inputs]),
            tuple([reader.new[m.id] for m in message.leaves]),
            outputs,
            tuple([reader.new[m.output] for m in nodes]),
        )

    @property
    def constant_count(self) -> int:
        return len(self.message.leaves)

    def constant(self, index: int) -> bytes:
        """The bytes of a constant, as it is for the length in the message."""
        return self.message.leaves[index].data

    def varying_constants(self, length: int) -> dict[int, bytes]:
        """The bytes, by position, of the constants that go with the batch's length.

        Raises:
            StructureError: one is no number there.
        """
        place = {leaf.id: i for i, leaf in enumerate(self.message.leaves)}
        found = {}
        for entry in self.message.varying:
            if entry.WhichOneof("place") == "leaf":
                i = place[entry.leaf]
                dtype = decode_spec(self.message.leaves[i].spec).dtype
                found[i] = packed(number_at(entry, length), dtype)
        return found

    def _changed_nodes(self, length: int) -> dict[int, graph_pb2.Node]:
        attrs: dict[int, list[AttrValue]] = {}
        nodes = self.message.nodes
        for entry in self.message.varying:
            if entry.WhichOneof("place") != "node":
                continue
            node = nodes[entry.node]
            values = attrs.setdefault(entry.node, list(decode_attrs(OPSET[node.op], node.attrs)))
            values[entry.attr] = replaced(values[entry.attr], entry, length)
        changed = {}
        for i, values in attrs.items():
            node = graph_pb2.Node()
            node.CopyFrom(nodes[i])
            node.attrs = encode_attrs(tuple(values), OPSET[node.op])
            changed[i] = node
        return changed

    def _check_inputs(self) -> None:
        if len(self.index) != len(self.inputs):
            raise StructureError("program: two inputs have one name")
        for given in self.inputs:
            if given.batched and (
                not self.length or not given.spec.ndim or given.spec.shape[0] != self.length
            ):
                raise StructureError(
                    f"input {given.name}: the batch axis has length {self.length}, got {given.spec!r}"
                )

    def _check_varying(self) -> None:
        message = self.message
        if message.varying and not any(given.batched for given in self.inputs):
            raise StructureError("program: numbers go with the length of a batch axis that no input has")
        leaves = {leaf.id: leaf for leaf in message.leaves}
        for entry in message.varying:
            number_at(entry, self.length)
            if entry.WhichOneof("place") == "leaf":
                leaf = leaves.get(entry.leaf)
                if leaf is None or decode_spec(leaf.spec).size != 1:
                    raise StructureError(f"program: no constant {entry.leaf} of one element")
                continue
            if entry.node >= len(message.nodes):
                raise StructureError(f"program: no node {entry.node} of {len(message.nodes)}")
            node = message.nodes[entry.node]
            values = decode_attrs(OPSET[node.op], node.attrs)
            if entry.attr >= len(values):
                raise StructureError(f"{node.op}: no attribute {entry.attr} of {len(values)}")
            replaced(values[entry.attr], entry, self.length)


def placeholders(request: DecodedBackward) -> list[Value]:
    """Leaves in place of the gradients that are asked for: enough to check what is made of them."""
    made = [Value(batch_of(v.spec, request.batch), leaf=NOTHING) for v in request.wrt]
    for value in made:
        value.tracked = request.create_graph
    return made


def _with_length(spec: Spec, length: int) -> Spec:
    return spec.with_shape((length, *spec.shape[1:]))


def _parsed(raw: bytes | memoryview) -> program_pb2.Program:
    if len(raw) > MAX_PROGRAM_BYTES:
        raise LimitError(f"program: at most {MAX_PROGRAM_BYTES} bytes, got {len(raw)}")
    view = memoryview(raw)
    end = len(view) - DIGEST_BYTES
    if end < len(_SEAL) or view[end - len(_SEAL) : end] != _SEAL:
        raise PayloadError(f"program: these {len(raw)} bytes are none, or the end of it is missing")
    body = view[: end - len(_SEAL)]
    if digest_of(body) != view[end:]:
        raise DigestError("program: its bytes were changed since it was made; its seal does not fit them")
    try:
        message = program_pb2.Program.FromString(bytes(body))
    except DecodeError as error:
        raise PayloadError(f"program: {len(raw)} bytes that are no Program message") from error
    if not message.format:
        raise PayloadError("program: it does not say of which format it is")
    if message.format > FORMAT:
        raise VersionError(
            f"program: made by telegrad {message.made_by:.40} in format {message.format}; this one reads "
            f"formats up to {FORMAT}: upgrade telegrad here",
            format=message.format,
        )
    return message


def _check_counts(message: program_pb2.Program) -> None:
    if len(message.nodes) > MAX_PROGRAM_NODES:
        raise LimitError(f"program: at most {MAX_PROGRAM_NODES} nodes, got {len(message.nodes)}")
    for name in ("inputs", "outputs", "leaves", "backwards", "operators", "parameters"):
        count = len(getattr(message, name))
        if count > MAX_PROGRAM_ENTRIES:
            raise LimitError(f"program: at most {MAX_PROGRAM_ENTRIES} {name}, got {count}")
    if len(message.varying) > MAX_PROGRAM_NODES:
        raise LimitError(f"program: at most {MAX_PROGRAM_NODES} varying numbers, got {len(message.varying)}")
    if not message.outputs:
        raise StructureError("program: it gives nothing")
    for where, tree, entries in (
        ("arguments", message.arguments, message.inputs),
        ("result", message.result, message.outputs),
    ):
        found = check_tree(tree, where)
        if found != len(entries):
            raise StructureError(f"program: {where} has {found} arrays, the list {len(entries)}")
    top = message.arguments
    kinds = [child.kind for child in top.children]
    if top.kind != Kind.TUPLE or kinds != [Kind.TUPLE, Kind.DICT]:
        raise StructureError("program: arguments are a tuple of a tuple and a dict")
    if len(message.parameters) != len(top.children[0].children):
        raise StructureError("program: requires a name a positional argument")


def _check_operators(message: program_pb2.Program) -> None:
    known = set()
    for operator in message.operators:
        if meaning_of(OPSET[operator.name]) != operator.digest:
            raise VersionError(
                f"program: made by telegrad {message.made_by:.40}, where {operator.name} means something "
                "else than here: make the program again, or use the same version",
                op=operator.name,
            )
        known.add(operator.name)
    unknown = {node.op for node in message.nodes} - known
    if unknown:
        name = OPSET[min(unknown)].name
        raise StructureError(f"program: it does not say what it means by {name}")
