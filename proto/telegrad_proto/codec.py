"""Graph <-> messages, with every check. A message that fails one changes nothing.

Attributes are the hot part: the same few stand in thousands of nodes. Both directions remember what they have
seen, bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from google.protobuf.message import DecodeError

from telegrad_proto.backward import DecodedBackward, decode_backward
from telegrad_proto.dtypes import DType, of_code
from telegrad_proto.errors import (
    AttributeTypeError,
    GradientError,
    GraphError,
    LimitError,
    PayloadError,
    StructureError,
)
from telegrad_proto.ir import Buffer, Node, Value
from telegrad_proto.limits import (
    MAX_FRAGMENT_BACKWARDS,
    MAX_FRAGMENT_ENTRIES,
    MAX_FRAGMENT_NODES,
    MAX_INLINE_TOTAL_BYTES,
    MAX_VALUE_ID,
)
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2, session_pb2, tensor_pb2

_OPS: Final = OPSET.ops
_REMEMBERED: Final = 16_384
_REMEMBERED_BYTES: Final = (
    256  # of one entry; the few longer ones are cheap to parse beside what they ask for
)
_encoded: dict[tuple[object, ...], bytes] = {}
_decoded: dict[tuple[Op, bytes], tuple[AttrValue, ...]] = {}


def encode_attrs(attrs: tuple[AttrValue, ...], op: Op | None = None) -> bytes:
    """The wire form of attribute values."""
    if not attrs:
        return b""
    kinds = tuple(map(type, attrs))
    # Equal floats need not be the same float (0.0 and -0.0), so only what has none is looked up.
    exact = float not in kinds and complex not in kinds
    if exact and tuple in kinds:
        for value in attrs:
            if type(value) is tuple and float in map(type, value):
                exact = False
    key = (op, attrs, kinds)
    if exact and op is not None:
        found = _encoded.get(key)
        if found is not None:
            return found
    message = graph_pb2.Attrs()
    for value in attrs:
        encode_attr(message.values.add(), value)
    data = message.SerializeToString(deterministic=True)
    if exact and op is not None and len(data) <= _REMEMBERED_BYTES:
        if len(_encoded) >= _REMEMBERED:
            _encoded.clear()
        _encoded[key] = data
    return data


def attr_key(node: Node) -> bytes:
    """The wire form of a node's attributes; computed once a node."""
    if node.attr_key is None:
        node.attr_key = encode_attrs(node.attrs, node.op)
    return node.attr_key


def encode_attr(message: graph_pb2.Attr, value: AttrValue) -> None:
    """Writes one attribute's value into a message.

    Raises:
        LimitError: an integer of more than 64 bits.
        AttributeTypeError: something else than an attribute can be.
    """
    match value:
        case None:
            pass
        case bool():
            message.b = value
        case int():
            if not -(2**63) <= value < 2**63:
                raise LimitError(f"attribute: an integer has at most 64 bits, got {value}")
            message.i = value
        case float():
            message.f = value
        case complex():
            message.c.real, message.c.imag = value.real, value.imag
        case str():
            message.s = value
        case DType():
            message.dtype = value.code  # type: ignore[assignment]
        case tuple():
            _encode_list(message, value)
        case _:
            raise AttributeTypeError(
                f"attribute: requires a number, text, an element type or a tuple, got {type(value).__name__}"
            )


def _encode_list(
    message: graph_pb2.Attr, value: tuple[int, ...] | tuple[float, ...] | tuple[bool, ...]
) -> None:
    if value and all(isinstance(v, bool) for v in value):
        message.bools.values.extend(value)  # type: ignore[arg-type]
    elif all(isinstance(v, int) for v in value):
        message.ints.SetInParent()
        try:
            message.ints.values.extend(value)  # type: ignore[arg-type]
        except ValueError as error:
            raise LimitError(f"attribute: an integer has at most 64 bits, got {value!r:.80}") from error
    elif all(isinstance(v, int | float) for v in value):
        message.floats.values.extend(value)
    else:
        raise AttributeTypeError(f"attribute: a tuple has numbers only, got {value!r:.80}")


def decode_attrs(op: Op, data: bytes) -> tuple[AttrValue, ...]:
    """The attribute values in these bytes, checked against the operator.

    Raises:
        PayloadError: no attributes in there.
        GraphError: other ones than the operator takes.
    """
    found = _decoded.get((op, data))
    if found is not None:
        return found
    message = graph_pb2.Attrs()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise PayloadError(
            f"{op.name}: attributes that are no Attrs message ({len(data)} bytes)", op=op.name
        ) from error
    if len(message.values) != len(op.attributes):
        op.check_attrs([None] * len(message.values))
    values = tuple([decode_attr(m) for m in message.values])
    op.check_attrs(values)
    if len(data) <= _REMEMBERED_BYTES:
        if len(_decoded) >= _REMEMBERED:
            _decoded.clear()
        _decoded[op, data] = values
    return values


def decode_attr(message: graph_pb2.Attr) -> AttrValue:
    """One attribute's value; nobody has checked yet whether an operator takes it."""
    match message.WhichOneof("value"):
        case "b":
            return message.b
        case "i":
            return message.i
        case "f":
            return message.f
        case "c":
            return complex(message.c.real, message.c.imag)
        case "s":
            return message.s
        case "dtype":
            return of_code(message.dtype)
        case "ints":
            # An empty tuple has no type of its own.
            return tuple(message.ints.values)
        case "floats":
            return tuple(message.floats.values)
        case "bools":
            return tuple(message.bools.values)
    return None


@lru_cache(maxsize=4096)
def encode_spec(spec: Spec) -> tensor_pb2.TensorSpec:
    """The wire form of a spec; one message serves all who ask, so nobody writes into it."""
    return tensor_pb2.TensorSpec(dtype=spec.dtype.code, shape=spec.shape)  # type: ignore[arg-type]


def decode_spec(message: tensor_pb2.TensorSpec) -> Spec:
    """The spec in a message.

    Raises:
        DTypeError: no such element type.
        ShapeError: a negative dimension.
        LimitError: too many dimensions or elements.
    """
    return Spec(tuple(message.shape[:]), of_code(message.dtype))


def decode_leaf(message: graph_pb2.Leaf) -> tuple[Spec, bytes | None]:
    """What a leaf is, and its bytes; None where they were put and the digest names them.

    Raises:
        PayloadError: more or fewer bytes than the spec says.
    """
    try:
        spec = decode_spec(message.spec)
    except GraphError as error:
        error.details.setdefault("node", message.id)
        raise
    data = message.data
    if not data and message.digest:
        return spec, None
    if len(data) != spec.nbytes:
        got = str(len(data)) if message.WhichOneof("content") else "neither bytes nor a digest"
        raise PayloadError(f"leaf {message.id}: {spec!r} has {spec.nbytes} bytes, got {got}", node=message.id)
    return spec, data


class FragmentReader:
    """Reads one fragment against a session's ids; what it finds is kept apart until all was right.

    Args:
        names: the session's live values by id; not changed here.
        last_id: the largest id that the session ever saw; new ids are larger.
    """

    def __init__(self, names: Mapping[int, Value], last_id: int) -> None:
        self._names = names
        self._last_id = last_id
        # An id that is new is larger than all in `names`, so the two never share one.
        self.new: dict[int, Value] = {}
        self._tracked: list[Value] = []

    def undo(self) -> None:
        """Take back what was written into values that the session had before."""
        for value in self._tracked:
            value.tracked = False
        for value in self.new.values():
            value.id = 0

    @property
    def last_id(self) -> int:
        """The largest id, those of this fragment counted."""
        return max(self.new, default=self._last_id)

    def value(self, id_: int, where: str) -> Value:
        """The value that an id names.

        Raises:
            StructureError: it names none (not defined before, or released).
        """
        found = self.new.get(id_)
        if found is None:
            found = self._names.get(id_)
        if found is None:
            what = "released or never defined" if id_ <= self._last_id else "not defined before its use"
            raise StructureError(f"{where}: value {id_} is {what}", value=id_)
        return found

    def define(self, id_: int, value: Value, where: str) -> None:
        """Give a new value its id.

        Raises:
            StructureError: the id is taken, or smaller than one that the session saw before.
        """
        if id_ <= self._last_id:
            if id_ in self._names:
                raise StructureError(f"{where}: value id {id_} is used twice", value=id_)
            raise StructureError(f"{where}: value ids only grow; got {id_} after {self._last_id}", value=id_)
        if id_ in self.new:
            raise StructureError(f"{where}: value id {id_} is used twice", value=id_)
        if id_ > MAX_VALUE_ID:
            raise LimitError(f"{where}: a value id is at most {MAX_VALUE_ID}, got {id_}", value=id_)
        value.id = id_
        self.new[id_] = value

    def define_leaf(self, id_: int, spec: Spec, buffer: Buffer) -> None:
        """Name a leaf."""
        self.define(id_, Value(spec, leaf=buffer), "leaf")

    def define_node(self, message: graph_pb2.Node) -> None:
        """Make the node in a message, and name its outputs.

        Raises:
            GraphError: any of its kinds.
            PayloadError: attributes that are none.
        """
        output = message.output
        try:
            op = _OPS.get(message.op) or OPSET[message.op]
            data = message.attrs
            attrs = decode_attrs(op, data)
            new, names = self.new, self._names
            # self.value only tells what is wrong with an id that neither table has.
            inputs = tuple([new.get(i) or names.get(i) or self.value(i, op.name) for i in message.inputs[:]])
            specs = op.infer(tuple([v.spec for v in inputs]), attrs)
            needs = tuple(message.needs[:])
            if needs:
                self._check_needs(op, inputs, needs)
        except (GraphError, PayloadError) as error:
            error.details.setdefault("node", output)
            raise
        node = Node(op, inputs, attrs, specs, needs, data)
        node.origin = output
        for index in range(len(specs)):
            self.define(output + index, node.output(index), op.name)

    def _check_needs(self, op: Op, inputs: tuple[Value, ...], needs: tuple[int, ...]) -> None:
        last = -1
        for position in needs:
            if not last < position < len(inputs):
                raise StructureError(
                    f"{op.name}: needs are input positions in rising order, got {needs!r:.80} "
                    f"for {len(inputs)} inputs"
                )
            last = position
            value = inputs[position]
            if op.reads[op.slot(position)] is None or not value.spec.dtype.is_differentiable:
                raise GradientError(f"{op.name}: no gradient flows through input {position} ({value.spec!r})")
            node = value.node
            if not value.tracked and (node is None or not node.needs):
                self._track(value)

    def _track(self, value: Value) -> None:
        value.tracked = True
        self._tracked.append(value)

    def backward(self, message: graph_pb2.Backward) -> DecodedBackward:
        """The backward request in a message; raises as `decode_backward`."""
        return decode_backward(message, value=self.value, track=self._track)


def check_fragment_size(message: session_pb2.Fragment) -> None:
    """Accept a fragment of this size.

    Raises:
        LimitError: more entries or inline bytes than a fragment may have.
    """
    if len(message.backwards) > MAX_FRAGMENT_BACKWARDS:
        raise LimitError(
            f"fragment: at most {MAX_FRAGMENT_BACKWARDS} backwards, got {len(message.backwards)}"
        )
    if message.ByteSize() < MAX_FRAGMENT_ENTRIES:
        return  # no entry is smaller than a byte
    if len(message.nodes) > MAX_FRAGMENT_NODES:
        raise LimitError(f"fragment: at most {MAX_FRAGMENT_NODES} nodes, got {len(message.nodes)}")
    for name in ("leaves", "fetches", "demands"):
        count = len(getattr(message, name))
        if count > MAX_FRAGMENT_ENTRIES:
            raise LimitError(f"fragment: at most {MAX_FRAGMENT_ENTRIES} {name}, got {count}")
    inline = sum([len(leaf.data) for leaf in message.leaves])
    if inline > MAX_INLINE_TOTAL_BYTES:
        raise LimitError(
            f"fragment: at most {MAX_INLINE_TOTAL_BYTES} bytes in leaves, got {inline}; larger ones go by Put"
        )
