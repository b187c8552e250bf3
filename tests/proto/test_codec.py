"""Messages to values and back, with every check."""

from __future__ import annotations

import math
from typing import Any

import pytest

from telegrad_proto import codec, dtypes
from telegrad_proto.codec import (
    FragmentReader,
    attr_key,
    check_fragment_size,
    decode_attrs,
    decode_leaf,
    decode_spec,
    encode_attrs,
    encode_spec,
)
from telegrad_proto.errors import (
    ArityError,
    AttributeTypeError,
    DTypeError,
    GradientError,
    LimitError,
    PayloadError,
    ShapeError,
    StructureError,
    UnknownOperatorError,
)
from telegrad_proto.ir import Buffer, Ledger, Value, apply_op
from telegrad_proto.limits import MAX_FRAGMENT_ENTRIES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.opset import OPSET, Attribute, Op
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2, session_pb2, tensor_pb2

F32 = Spec((2,), dtypes.float32)
I64 = Spec((2,), dtypes.int64)


def op_taking(*kinds: str) -> Op:
    attributes = tuple(Attribute(f"a{i}", k) for i, k in enumerate(kinds))
    return Op("op", (), False, attributes, "", {}, 1, (), (), "")


ATTRS: list[tuple[str, Any]] = [
    ("bool", True),
    ("bool", False),
    ("int", 0),
    ("int", -(2**63)),
    ("int", 2**63 - 1),
    ("float", 0.1),
    ("float", -0.0),
    ("float", math.inf),
    ("scalar", 1 - 0.0j),
    ("scalar", True),
    ("scalar", 7),
    ("str", ""),
    ("str", "größe"),
    ("dtype", dtypes.complex128),
    ("ints", ()),
    ("ints", (0, -1, 2**40)),
    ("floats", (0.5, -0.0)),
    ("bools", (True, False)),
    ("bools", ()),
    ("ints?", None),
    ("int?", 3),
]


class TestAttributes:
    @pytest.mark.parametrize(("kind", "value"), ATTRS, ids=str)
    def test_round_trip(self, kind: str, value: Any) -> None:
        op = op_taking(kind)
        (back,) = decode_attrs(op, encode_attrs((value,), op))
        assert type(back) is type(value)
        assert back == value
        assert repr(back) == repr(value)  # -0.0 and 0.0 are equal

    def test_all_at_once(self) -> None:
        op = op_taking(*[k for k, _ in ATTRS])
        values = tuple(v for _, v in ATTRS)
        assert decode_attrs(op, encode_attrs(values, op)) == values

    def test_nan_comes_back(self) -> None:
        op = op_taking("float")
        (back,) = decode_attrs(op, encode_attrs((math.nan,), op))
        assert isinstance(back, float)
        assert math.isnan(back)

    def test_equal_numbers_that_differ_have_bytes_of_their_own(self) -> None:
        op = op_taking("scalar")
        values: list[Any] = [0.0, -0.0, 0, False, complex(0, 0), complex(0, -0.0), complex(-0.0, 0)]
        assert len({encode_attrs((v,), op) for v in values}) == len(values)
        op = op_taking("floats")
        assert encode_attrs(((0.0, 1.0),), op) != encode_attrs(((-0.0, 1.0),), op)
        assert encode_attrs(((1, 0.0),), op) != encode_attrs(((1, -0.0),), op)
        assert encode_attrs(((0, 1),), op) != encode_attrs(((0.0, 1.0),), op)

    def test_no_attributes_are_no_bytes(self) -> None:
        assert encode_attrs(()) == b""
        assert decode_attrs(op_taking(), b"") == ()

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, (1, 2**63)])
    def test_integers_have_64_bits(self, value: Any) -> None:
        with pytest.raises(LimitError, match="at most 64 bits"):
            encode_attrs((value,))

    @pytest.mark.parametrize("value", [[1], {1}, b"x", object()])
    def test_other_types_are_refused(self, value: Any) -> None:
        with pytest.raises(AttributeTypeError, match="requires a number, text"):
            encode_attrs((value,))

    @pytest.mark.parametrize("value", [("a",), (None,), (1, "a"), (1j,), ((1,),)])
    def test_tuples_of_other_types_are_refused(self, value: Any) -> None:
        with pytest.raises(AttributeTypeError):
            encode_attrs((value,))

    @pytest.mark.parametrize("data", [b"\xff", b"\x0a", b"\x0a\xff\xff\xff\xff\xff", b"\x0a\x02\x08"])
    def test_garbage_is_refused(self, data: bytes) -> None:
        with pytest.raises(PayloadError, match="no Attrs message"):
            decode_attrs(op_taking("int"), data)

    def test_an_element_type_that_is_none(self) -> None:
        message = graph_pb2.Attrs()
        message.values.add().dtype = 99  # type: ignore[assignment]
        with pytest.raises(DTypeError, match="got 99"):
            decode_attrs(op_taking("dtype"), message.SerializeToString())

    def test_more_than_declared(self) -> None:
        message = graph_pb2.Attrs()
        for _ in range(100_000):
            message.values.add()
        with pytest.raises(ArityError, match="requires 1 attributes"):
            decode_attrs(op_taking("int"), message.SerializeToString())

    def test_what_is_remembered_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(codec, "_REMEMBERED", 10)
        op = op_taking("ints")
        for table in (codec._encoded, codec._decoded):
            table.clear()
        for n in range(100):
            decode_attrs(op, encode_attrs(((n,),), op))
        assert len(codec._encoded) <= 10
        assert len(codec._decoded) <= 10
        codec._encoded.clear()
        codec._decoded.clear()
        decode_attrs(op, encode_attrs(((1,) * 10_000,), op))
        assert not codec._encoded
        assert not codec._decoded

    def test_a_nodes_own_bytes_are_encoded_once(self) -> None:
        node = apply_op(OPSET["sum"], [Value(F32)], ((0,), False))
        assert node.attr_key is None
        assert attr_key(node) == encode_attrs(((0,), False))
        assert attr_key(node) is node.attr_key


class TestSpecs:
    @pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
    @pytest.mark.parametrize("shape", [(), (0,), (2, 3), (2**40, 0)])
    def test_round_trip(self, dtype: dtypes.DType, shape: tuple[int, ...]) -> None:
        spec = Spec(shape, dtype)
        assert decode_spec(tensor_pb2.TensorSpec.FromString(encode_spec(spec).SerializeToString())) is spec

    def test_checks(self) -> None:
        with pytest.raises(DTypeError):
            decode_spec(tensor_pb2.TensorSpec(shape=[2]))
        with pytest.raises(ShapeError):
            decode_spec(tensor_pb2.TensorSpec(shape=[-2], dtype=tensor_pb2.FLOAT32))
        with pytest.raises(LimitError):
            decode_spec(tensor_pb2.TensorSpec(shape=[2**62, 2], dtype=tensor_pb2.FLOAT32))


def reader_with(*values: Value, last_id: int = 10) -> FragmentReader:
    return FragmentReader({i + 1: v for i, v in enumerate(values)}, last_id)


def buffer() -> Buffer:
    return Buffer(object(), 0, Ledger())


class TestReader:
    def test_nodes_and_leaves(self) -> None:
        reader = reader_with(Value(F32))
        spec, data = decode_leaf(graph_pb2.Leaf(id=11, spec=encode_spec(F32), data=bytes(8)))
        assert (spec, data) == (F32, bytes(8))
        held = buffer()
        reader.define_leaf(11, spec, held)
        reader.define_node(graph_pb2.Node(op="mul", inputs=[1, 11], output=12, needs=[0]))
        value = reader.value(12, "test")
        assert value.node is not None
        assert value.node.op.name == "mul"
        assert (value.id, value.node.origin, value.node.needs) == (12, 12, (0,))
        assert value.node.inputs[1].leaf is held
        assert reader.last_id == 12
        assert sorted(reader.new) == [11, 12]

    def test_outputs_have_ids_in_a_row(self) -> None:
        reader = reader_with(Value(F32))
        attrs = encode_attrs((0, False, True))
        reader.define_node(graph_pb2.Node(op="sort", inputs=[1], attrs=attrs, output=20))
        assert reader.value(21, "test").spec is I64
        assert reader.last_id == 21

    def test_a_digest_stands_for_bytes(self) -> None:
        leaf = graph_pb2.Leaf(id=11, spec=encode_spec(F32), digest=bytes(32))
        assert decode_leaf(leaf) == (F32, None)

    @pytest.mark.parametrize("size", [0, 7, 9])
    def test_bytes_fit_the_spec(self, size: int) -> None:
        leaf = graph_pb2.Leaf(id=11, spec=encode_spec(F32), data=bytes(size))
        with pytest.raises(PayloadError, match=f"has 8 bytes, got {size}") as refused:
            decode_leaf(leaf)
        assert refused.value.details == {"node": 11}

    def test_an_empty_leaf_needs_no_bytes(self) -> None:
        empty = Spec((0, 3), dtypes.float32)
        assert decode_leaf(graph_pb2.Leaf(id=11, spec=encode_spec(empty))) == (empty, b"")

    def test_ids_that_name_nothing(self) -> None:
        reader = reader_with(Value(F32))
        for id_, text in ((0, "released or never"), (5, "released or never"), (11, "not defined before")):
            with pytest.raises(StructureError, match=f"value {id_} is {text}"):
                reader.value(id_, "test")

    def test_ids_only_grow(self) -> None:
        reader = reader_with(Value(F32))
        reader.define(12, Value(F32), "test")
        for id_, text in ((1, "used twice"), (12, "used twice"), (10, "only grow"), (0, "only grow")):
            with pytest.raises(StructureError, match=text):
                reader.define(id_, Value(F32), "test")
        with pytest.raises(LimitError, match="a value id is at most"):
            reader.define(2**63, Value(F32), "test")
        reader.define(
            11, Value(F32), "test"
        )  # within a fragment leaves come before nodes, whatever their ids

    def test_errors_name_the_node(self) -> None:
        reader = reader_with(Value(F32), Value(I64))
        cases: list[tuple[type[Exception], graph_pb2.Node]] = [
            (UnknownOperatorError, graph_pb2.Node(op="none", output=11)),
            (ArityError, graph_pb2.Node(op="mul", inputs=[1], output=11)),
            (StructureError, graph_pb2.Node(op="mul", inputs=[1, 9], output=11)),
            (DTypeError, graph_pb2.Node(op="mul", inputs=[1, 2], output=11)),
            (PayloadError, graph_pb2.Node(op="sum", inputs=[1], attrs=b"\xff", output=11)),
            (ArityError, graph_pb2.Node(op="sum", inputs=[1], output=11)),
            (StructureError, graph_pb2.Node(op="mul", inputs=[1, 1], needs=[2], output=11)),
            (StructureError, graph_pb2.Node(op="mul", inputs=[1, 1], needs=[1, 1], output=11)),
            (GradientError, graph_pb2.Node(op="neg", inputs=[2], needs=[0], output=11)),
        ]
        for kind, node in cases:
            with pytest.raises(kind) as refused:
                reader.define_node(node)
            assert refused.value.details["node"] == 11  # type: ignore[attr-defined]
        assert reader.new == {}

    def test_undo_takes_back_what_was_written_into_older_values(self) -> None:
        x, already = Value(F32), Value(F32)
        already.tracked = True
        reader = reader_with(x, already)
        reader.define_node(graph_pb2.Node(op="mul", inputs=[1, 2], needs=[0, 1], output=11))
        assert x.tracked
        made = reader.value(11, "test")
        reader.undo()
        assert not x.tracked
        assert already.tracked
        assert made.id == 0

    def test_a_backward_request(self) -> None:
        x, y, ct = Value(F32), Value(F32), Value(F32)
        request = reader_with(x, y, ct).backward(
            graph_pb2.Backward(roots=[2, 2], cotangents=[0, 3], wrt=[1], gradients=[11], retain_graph=True)
        )
        assert request.roots == (y, y)
        assert request.cotangents == (None, ct)
        assert request.wrt == (x,)
        assert request.gradients == (11,)
        assert request.retain_graph
        assert not request.create_graph
        assert not ct.tracked

    def test_a_gradient_that_is_a_graph_flows_to_cotangents(self) -> None:
        ct = Value(F32)
        reader = reader_with(Value(F32), Value(F32), ct)
        message = graph_pb2.Backward(roots=[2], cotangents=[3], wrt=[1], gradients=[11], create_graph=True)
        assert reader.backward(message).create_graph
        assert ct.tracked
        reader.undo()
        assert not ct.tracked

    @pytest.mark.parametrize(
        ("kind", "text", "request_"),
        [
            (GradientError, "requires roots", graph_pb2.Backward(wrt=[1], gradients=[11])),
            (GradientError, "requires roots", graph_pb2.Backward(roots=[1], cotangents=[0])),
            (ArityError, "a cotangent a root", graph_pb2.Backward(roots=[1], wrt=[1], gradients=[11])),
            (ArityError, "an id a gradient", graph_pb2.Backward(roots=[1], cotangents=[0], wrt=[1])),
            (
                GradientError,
                "a root is",
                graph_pb2.Backward(roots=[2], cotangents=[0], wrt=[1], gradients=[11]),
            ),
            (
                GradientError,
                "gradients are",
                graph_pb2.Backward(roots=[1], cotangents=[0], wrt=[2], gradients=[11]),
            ),
            (
                ShapeError,
                "a cotangent has",
                graph_pb2.Backward(roots=[1], cotangents=[2], wrt=[1], gradients=[11]),
            ),
            (
                StructureError,
                "value 7",
                graph_pb2.Backward(roots=[7], cotangents=[0], wrt=[1], gradients=[11]),
            ),
        ],
    )
    def test_requests_that_cannot_be(
        self, kind: type[Exception], text: str, request_: graph_pb2.Backward
    ) -> None:
        with pytest.raises(kind, match=text):
            reader_with(Value(F32), Value(I64)).backward(request_)


class TestSize:
    def test_a_small_fragment(self) -> None:
        check_fragment_size(session_pb2.Fragment(fetches=[1, 2]))

    def test_entries(self) -> None:
        check_fragment_size(session_pb2.Fragment(fetches=[1] * MAX_FRAGMENT_ENTRIES))
        with pytest.raises(LimitError, match=f"at most {MAX_FRAGMENT_ENTRIES} fetches"):
            check_fragment_size(session_pb2.Fragment(fetches=[1] * (MAX_FRAGMENT_ENTRIES + 1)))

    def test_bytes_in_leaves(self) -> None:
        half = graph_pb2.Leaf(data=bytes(MAX_INLINE_TOTAL_BYTES // 2))
        check_fragment_size(session_pb2.Fragment(leaves=[half, half]))
        with pytest.raises(LimitError, match="larger ones go by Put"):
            check_fragment_size(session_pb2.Fragment(leaves=[half, half, graph_pb2.Leaf(data=b"x")]))
