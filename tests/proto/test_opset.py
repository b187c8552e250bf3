"""The catalogue and what it infers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telegrad_proto import dtypes, opset
from telegrad_proto.errors import (
    ArityError,
    AttributeTypeError,
    LimitError,
    ShapeError,
    UnknownOperatorError,
)
from telegrad_proto.limits import MAX_ATTR_ITEMS, MAX_INPUTS
from telegrad_proto.opset import OPSET, Attribute, Op, Reads
from telegrad_proto.rules import RULES
from telegrad_proto.spec import Spec

F32 = Spec((2, 3), dtypes.float32)


@pytest.mark.parametrize("op", OPSET.ops.values(), ids=lambda op: op.name)
def test_an_entry_is_whole(op: Op) -> None:
    assert op.rule in RULES
    assert op.outputs >= 1
    assert op.doc
    assert op.doc[0].isupper() or not op.doc[0].isalpha() or " " in op.doc
    assert len(op.reads) == len(op.vjp_names) == len(op.inputs)
    assert op.differentiable == any(n is not None for n in op.vjp_names)
    for reads, name in zip(op.reads, op.vjp_names, strict=True):
        assert (reads is None) == (name is None)
        if reads is not None:
            assert all(0 <= i < len(op.inputs) for i in reads.inputs)
            assert all(0 <= i < op.outputs for i in reads.outputs)
        assert not name or name in OPSET.ops
    for attribute in op.attributes:
        assert attribute.type.removesuffix("?") in {
            *opset._SCALAR_TYPES,
            *opset._LIST_TYPES,
        }


def test_the_digest_is_of_what_operators_mean() -> None:
    assert opset.__file__ is not None
    text = (Path(opset.__file__).parent / "opset.json").read_text("utf-8")
    again = opset.parse(text)
    assert again.digest == OPSET.digest
    assert again.ops.keys() == OPSET.ops.keys()
    assert len(OPSET.digest) == 32
    entries = json.loads(text)["operators"]
    entries[0]["doc"] = "other"
    assert opset.parse(json.dumps({"operators": entries}, indent=3)).digest == OPSET.digest
    entries[0]["outputs"] += 1
    assert opset.parse(json.dumps({"operators": entries})).digest != OPSET.digest


def test_an_unknown_name() -> None:
    with pytest.raises(
        UnknownOperatorError, match=f"'none' is no operator of this catalogue \\({len(OPSET.ops)}"
    ):
        OPSET["none"]
    with pytest.raises(UnknownOperatorError) as long:
        OPSET["x" * 100_000]
    assert len(str(long.value)) < 200


def test_inference_is_remembered() -> None:
    op = OPSET["mul"]
    assert op.infer((F32, F32), ()) is op.infer((F32, F32), ())


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    op = OPSET["sum"]
    monkeypatch.setattr(opset, "_INFER_CACHE_ENTRIES", 10)
    op._inferred.clear()
    for n in range(100):
        op.infer((Spec((n,), dtypes.float32),), ((0,), False))
        assert len(op._inferred) <= 10
    op._inferred.clear()
    concatenate = OPSET["concatenate"]
    concatenate._inferred.clear()
    concatenate.infer((F32,) * 10_000, (0,))
    assert len(concatenate._inferred) == 0


def test_arity() -> None:
    OPSET["mul"].check_arity(2)
    with pytest.raises(ArityError, match=r"mul: requires 2 inputs \(a, b\), got 3"):
        OPSET["mul"].check_arity(3)
    index = OPSET["index"]
    assert index.variadic
    index.check_arity(1)
    index.check_arity(5)
    with pytest.raises(ArityError, match="index: requires at least 1 inputs, got 0"):
        index.check_arity(0)
    with pytest.raises(LimitError, match=f"at most {MAX_INPUTS}"):
        index.check_arity(MAX_INPUTS + 1)


def test_what_a_variadic_derivative_reads_is_in_actual_positions() -> None:
    op = Op(
        "many", ("x", "rest"), True, (), "", {}, 1, (Reads((0, 1)), Reads((1,), (0,))), ("mul", "mul"), ""
    )
    assert [op.slot(p) for p in range(4)] == [0, 1, 1, 1]
    assert op.reads_at(0, 4) == Reads((0, 1, 2, 3))
    assert op.reads_at(3, 4) == Reads((1, 2, 3), (0,))
    assert op.reads_at(0, 1) == Reads((0,))
    assert OPSET["mul"].reads_at(0, 2) == OPSET["mul"].reads[0]
    assert OPSET["eq"].reads_at(0, 2) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", [0, -(2**63)], [True, 1.0, "1", None, (1,)]),
        ("float", [0.0, 1, float("nan")], [True, "1", None, 1j]),
        ("bool", [True, False], [1, 0.0, "True", None]),
        ("str", ["", "é"], [1, None, b"x"]),
        ("dtype", [dtypes.bool_], ["float32", 11, None]),
        ("scalar", [True, 1, 1.5, 1j], ["1", None, (1,)]),
        ("ints", [(), (1, -2)], [1, [1], (1.0,), (True,), (None,), "12"]),
        ("floats", [(), (1, 2.5)], [1.0, [1.0], (True,), ("1",)]),
        ("bools", [(), (True, False)], [True, (1,), [True]]),
        ("ints?", [None, (1,)], [(1.5,), 1]),
        ("int?", [None, 3], ["3"]),
    ],
)
def test_attribute_types(kind: str, good: list[object], bad: list[object]) -> None:
    attribute = Attribute("a", kind)
    assert attribute.optional == kind.endswith("?")
    for value in good:
        attribute.check("op", value)
    for value in bad:
        with pytest.raises(AttributeTypeError, match="op: attribute a requires"):
            attribute.check("op", value)


def test_a_mismatch_quotes_no_more_than_needed() -> None:
    with pytest.raises(AttributeTypeError) as refused:
        Attribute("a", "int").check("op", "x" * 1_000_000)
    assert len(str(refused.value)) < 300
    with pytest.raises(LimitError, match=f"at most {MAX_ATTR_ITEMS} items"):
        Attribute("a", "ints").check("op", (1,) * (MAX_ATTR_ITEMS + 1))


def test_attributes_by_name() -> None:
    assert OPSET["sum"].named(((0,), True)) == {"axes": (0,), "keepdims": True}
    with pytest.raises(ArityError, match=r"sum: requires 2 attributes \(axes, keepdims\), got 1"):
        OPSET["sum"].check_attrs(((0,),))


def test_a_refusal_is_not_remembered() -> None:
    op = OPSET["mul"]
    for _ in range(2):
        with pytest.raises(ShapeError):
            op.infer((F32, Spec((7,), dtypes.float32)), ())
