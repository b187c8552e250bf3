"""Computes small graphs straight from the operator records; holds gradients against central differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from telegrad_engine.grad.reverse import gradients
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.registry import load_families
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.ir import Value
from telegrad_proto.opset import AttrValue
from telegrad_proto.spec import Spec

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]
Build = Callable[..., Sequence[Value]]
Frozen = frozenset[int]

RECORDS = load_families()


def leaf(array: Array, *, frozen: bool = False) -> Value:
    """A leaf of the array's spec; gradients flow to it where its type takes one and it is not frozen."""
    value = Value(Spec(array.shape, by_typestr[array.dtype.str]))
    value.tracked = value.spec.dtype.is_differentiable and not frozen
    return value


def compute(wanted: Sequence[Value], known: Mapping[int, Array]) -> list[Array]:
    """The arrays of graph values, from the arrays of leaves by the leaf's identity."""
    done: dict[tuple[int, int], Array] = {}

    def array_of(value: Value) -> Array:
        return known[id(value)] if value.node is None else done[id(value.node), value.index]

    stack = [value.node for value in wanted if value.node is not None]
    while stack:
        node = stack[-1]
        if (id(node), 0) in done:
            stack.pop()
            continue
        missing = [v.node for v in node.inputs if v.node is not None and (id(v.node), 0) not in done]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        results = forward(node.op.name, [array_of(v) for v in node.inputs], node.op.named(node.attrs))
        for index, (result, spec) in enumerate(zip(results, node.specs, strict=True)):
            assert result.shape == spec.shape, f"{node.op.name}: inferred {spec}, got shape {result.shape}"
            assert result.dtype.str == spec.dtype.typestr, (
                f"{node.op.name}: inferred {spec}, got {result.dtype}"
            )
            done[id(node), index] = result
    return [array_of(value) for value in wanted]


def forward(name: str, inputs: Arrays, attrs: Mapping[str, AttrValue]) -> list[Array]:
    """What the record's forward makes of read-only inputs."""
    record = RECORDS[name]
    before = [array.copy() for array in inputs]
    guarded = [np.asarray(array).view() for array in inputs]
    for array in guarded:
        array.flags.writeable = False
    with np.errstate(all="ignore"):
        made = record.forward(np, *guarded, **attrs)
    for array, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg=f"{name} changed its input")
    return [np.asarray(array) for array in ((made,) if record.outputs == 1 else made)]


def draw_like(rng: np.random.Generator, array: Array) -> Array:
    """Normal numbers of the array's shape and element type."""
    drawn: Any = rng.standard_normal(array.shape)
    if array.dtype.kind == "c":
        drawn = drawn + 1j * rng.standard_normal(array.shape)
    return np.asarray(drawn, dtype=array.dtype)


def projected(arrays: Arrays, weights: Arrays) -> float:
    """The real part of the inner product: what a gradient, in torch's convention, is the slope of."""
    return sum(float(np.sum(np.conj(w) * a).real) for a, w in zip(arrays, weights, strict=True))


def numbers(build: Build, arrays: Arrays, *, frozen: Frozen = frozenset()) -> list[Array]:
    """The arrays of the outputs of a graph of these leaves."""
    leaves = [leaf(a, frozen=i in frozen) for i, a in enumerate(arrays)]
    with g.tracking():
        outputs = build(*leaves)
    return compute(outputs, {id(v): a for v, a in zip(leaves, arrays, strict=True)})


def differentiated(build: Build, count: int) -> Build:
    """The graph of first derivatives: leaves and one cotangent an output in, gradients of the leaves out."""

    def gradient_graph(*values: Value) -> Sequence[Value]:
        leaves, cotangents = values[:count], values[count:]
        with g.tracking():
            outputs = [y for y in build(*leaves) if y.spec.dtype.is_differentiable]
        wrt = [v for v in leaves if v.tracked]
        return gradients(outputs, cotangents, wrt, create_graph=True)

    return gradient_graph


def assert_slope(
    build: Build,
    arrays: Arrays,
    rng: np.random.Generator,
    *,
    frozen: Frozen = frozenset(),
    step: float = 1e-6,
) -> None:
    """The gradients of a random projection of the outputs agree with central differences.

    Args:
        build: makes the outputs from the leaves.
        arrays: of the leaves; those of differentiable element types are moved.
        rng: draws the projection and the direction.
        frozen: positions of leaves that no gradient flows to.
        step: of the differences.
    """
    outputs = [a for a in numbers(build, arrays, frozen=frozen) if a.dtype.kind in "fc"]
    weights = [draw_like(rng, a) for a in outputs]
    moving = [a.dtype.kind in "fc" and i not in frozen for i, a in enumerate(arrays)]
    directions = [draw_like(rng, a) if m else np.zeros_like(a) for a, m in zip(arrays, moving, strict=True)]
    found = numbers(differentiated(build, len(arrays)), [*arrays, *weights], frozen=frozen)
    analytic = projected(found, [d for d, m in zip(directions, moving, strict=True) if m])

    def value_at(distance: float) -> float:
        shifted = [
            np.asarray(a + distance * d) if a.dtype.kind in "fc" else a
            for a, d in zip(arrays, directions, strict=True)
        ]
        return projected([a for a in numbers(build, shifted, frozen=frozen) if a.dtype.kind in "fc"], weights)

    numeric = (value_at(step) - value_at(-step)) / (2 * step)
    scale = max(1.0, sum(float(np.abs(a).sum()) for a in found))
    assert abs(analytic - numeric) <= 3e-6 * scale, f"gradient {analytic}, central difference {numeric}"


def assert_slopes(
    build: Build, arrays: Arrays, rng: np.random.Generator, *, frozen: Frozen = frozenset()
) -> None:
    """First and second derivatives agree with central differences."""
    assert_slope(build, arrays, rng, frozen=frozen)
    outputs = [a for a in numbers(build, arrays, frozen=frozen) if a.dtype.kind in "fc"]
    cotangents = [draw_like(rng, a) for a in outputs]
    assert_slope(differentiated(build, len(arrays)), [*arrays, *cotangents], rng, frozen=frozen)
