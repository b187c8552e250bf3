"""What has to stay in memory is what the derivative rules read."""

from __future__ import annotations

import pytest

from telegrad_engine.grad.residuals import residuals_of, spent
from telegrad_engine.grad.reverse import gradients, region
from telegrad_engine.ops.record import RECORDS
from telegrad_engine.ops.registry import load_families
from telegrad_proto import dtypes
from telegrad_proto.ir import Node, Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec

load_families()
F32 = Spec((2,), dtypes.float32)


def leaf(*, tracked: bool = True) -> Value:
    value = Value(F32)
    value.tracked = tracked
    return value


def apply(name: str, *inputs: Value, attrs: tuple[AttrValue, ...] = ()) -> Node:
    return apply_op(OPSET[name], inputs, attrs, track=True)


def test_inputs_outputs_or_nothing() -> None:
    x, w = leaf(), leaf()
    assert residuals_of(apply("sin", x)) == [x]
    e = apply("exp", x)
    assert residuals_of(e) == [e.output()]
    assert residuals_of(apply("add", x, w)) == []
    assert residuals_of(apply("mul", x, w)) == [w, x]
    assert residuals_of(apply("mul", x, x)) == [x]


def test_only_for_inputs_that_a_gradient_reaches() -> None:
    x, c = leaf(), leaf(tracked=False)
    assert residuals_of(apply("mul", x, c)) == [c]
    assert residuals_of(apply("mul", c, x)) == [c]
    assert residuals_of(apply("mul", c, c)) == []


def test_one_output_of_several() -> None:
    node = apply("sort", leaf(), attrs=(0, False, True))
    assert residuals_of(node) == [node.output(1)]


def test_of_a_variadic_operator_each_input_once() -> None:
    first, second = leaf(), leaf()
    assert residuals_of(apply("concatenate", first, second, first, attrs=(0,))) == []


def test_spent_nodes_are_those_that_no_gradient_can_go_through_again() -> None:
    x, w = leaf(), leaf()
    square = apply("mul", x, x).output()
    both = apply("add", square, apply("neg", w).output()).output()
    root = apply("neg", square).output()
    assert [n.op.name for n in spent(region([root], [x]))] == ["mul", "neg"]
    assert [n.op.name for n in spent(region([both], [x, w]))] == ["mul"]  # w can still be reached
    assert [n.op.name for n in spent(region([both], [x]))] == ["mul"]
    assert spent([]) == []


@pytest.mark.parametrize(
    ("name", "case"),
    [(n, i) for n, r in sorted(RECORDS.items()) for i in range(len(r.examples)) if any(r.vjps)],
)
def test_a_derivative_reads_nothing_else(name: str, case: int) -> None:
    """What the catalogue says, against the graph that the rule writes for this very node."""
    record = RECORDS[name]
    example = record.examples[case]
    inputs = [Value(s) for s in example.specs]
    for value in inputs:
        value.tracked = value.spec.dtype.is_differentiable
    node = apply(name, *inputs, attrs=tuple(example.attrs[n] for n, _ in record.attributes))
    if not node.needs:
        return  # no input of this example takes a gradient
    outputs = node.outputs()
    kept = {id(v) for v in residuals_of(node)}
    roots = [v for v in outputs if v.spec.dtype.is_differentiable]
    cts = [Value(v.spec) for v in roots]
    wrt = [inputs[p] for p in node.needs]
    own = {id(v) for v in (*inputs, *outputs)}
    stack = list(gradients(roots, cts, wrt))
    seen: set[int] = set()
    while stack:
        value = stack.pop()
        if id(value) in own:
            assert id(value) in kept, f"{name} reads {value!r}, which the catalogue does not say"
        elif id(value) not in seen and value.node is not None:
            seen.add(id(value))
            stack.extend(value.node.inputs)
