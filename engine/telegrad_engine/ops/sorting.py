"""Sorting, and searching in what is sorted."""

from __future__ import annotations

from telegrad_engine.kernels import sorting as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.ir import Value


def _sort_vjp(
    cts: tuple[Value | None, Value | None],
    ys: tuple[Value, Value],
    x: Value,
    axis: int,
    descending: bool,
    stable: bool,
) -> Value | None:
    """ct back to where its element came from."""
    if cts[0] is None:
        return None
    return g.scatter(g.zeros_like(x), ys[1], cts[0], axis=axis)


op(
    "sort",
    "x",
    rule=Rule("sort"),
    attributes=(("axis", "int"), ("descending", "bool"), ("stable", "bool")),
    outputs=2,
    forward=kernels.sort,
    vjps=(_sort_vjp,),
    examples=(
        example((2, 5), axis=1, descending=False, stable=True),
        example((4, 2), axis=0, descending=True, stable=False),
        example((), axis=0, descending=False, stable=True),
        example((2, 0), axis=1, descending=True, stable=True),
    ),
    flops=lambda inputs, outputs, attrs: inputs[0].size * max(inputs[0].size.bit_length(), 1),
    doc="x in order along an axis, and the positions its elements had; equal ones keep their order.",
)
op(
    "searchsorted",
    "sorted values",
    rule=Rule("searchsorted"),
    attributes=(("right", "bool"),),
    forward=kernels.searchsorted,
    examples=(
        example((5,), (2, 3), right=False),
        example((2, 5), (2, 3), right=True),
        example((5,), (), right=True),
        example((0,), (2,), right=False),
    ),
    flops=20,
    doc="Where each value would stand in a sorted last axis, before equals, or behind them where `right`.",
)
