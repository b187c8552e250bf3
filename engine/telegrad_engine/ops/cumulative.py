"""Running reductions along an axis."""

from __future__ import annotations

import math

from telegrad_engine.kernels import scan as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.ir import Value

_AXIS = (("axis", "int"),)
_ORDERED = (("axis", "int"), ("reverse", "bool"))
_EXAMPLES = (
    example((2, 3), axis=1),
    example((3, 2), axis=0),
    example((), axis=0),
    example((2, 0), axis=1),
    example((0, 2), axis=1),
)


def _shifted(x: Value, axis: int, by: int, value: float) -> Value:
    """x moved by one place along the axis, `value` filling up what came free."""
    if x.spec.ndim == 0:
        return g.full(value, (), x.spec.dtype)
    if x.spec.shape[axis] == 0:
        return x
    low = tuple(by if i == axis else 0 for i in range(x.spec.ndim))
    high = tuple(-step for step in low)
    return g.pad(x, low=low, high=high, interior=(0,) * x.spec.ndim, value=value)


op(
    "cumsum",
    "x",
    rule=Rule("cumulative", kinds="iufc"),
    attributes=_ORDERED,
    forward=kernels.cumsum,
    vjps=(lambda ct, y, x, axis, reverse: g.cumsum(ct, axis=axis, reverse=not reverse),),
    examples=(
        example((2, 3), axis=1, reverse=False),
        example((3, 2), axis=0, reverse=True),
        example((), axis=0, reverse=False),
        example((2, 0), axis=1, reverse=True),
    ),
    doc="The sum of all elements up to each, from the end where `reverse`.",
)


def _linear_scan_vjp_a(ct: Value, h: Value, a: Value, b: Value, axis: int, reverse: bool) -> Value:
    """h before each place times what reaches b there."""
    reached = _linear_scan_vjp_b(ct, h, a, b, axis, reverse)
    return g.mul(reached, g.conj(_shifted(h, axis, -1 if reverse else 1, 0)))


def _linear_scan_vjp_b(ct: Value, h: Value, a: Value, b: Value, axis: int, reverse: bool) -> Value:
    """The same recurrence backwards: to b[i] comes ct[i], and a[i + 1] times what comes to b[i + 1]."""
    passed_on = _shifted(g.conj(a), axis, 1 if reverse else -1, 0)
    return g.linear_scan(passed_on, ct, axis=axis, reverse=not reverse)


op(
    "linear_scan",
    "a b",
    rule=Rule("scan", kinds="fc"),
    attributes=_ORDERED,
    forward=kernels.linear_scan,
    vjps=(_linear_scan_vjp_a, _linear_scan_vjp_b),
    examples=(
        example((2, 3), (2, 3), axis=1, reverse=False),
        example((5, 2), (5, 2), axis=0, reverse=True),
        example((), (), axis=0, reverse=False),
        example((2, 0), (2, 0), axis=1, reverse=True),
    ),
    flops=3,
    doc="h with h[i] = a[i] h[i - 1] + b[i] along an axis, h[i + 1] where `reverse`.",
)


def _cumprod_vjp(ct: Value, y: Value, x: Value, axis: int) -> Value:
    """The product before each place, times ct and the products behind it: a recurrence, no division."""
    before = _shifted(y, axis, 1, 1)
    behind = g.linear_scan(_shifted(g.conj(x), axis, -1, 0), ct, axis=axis, reverse=True)
    return g.mul(g.conj(before), behind)


op(
    "cumprod",
    "x",
    rule=Rule("cumulative", kinds="iufc"),
    attributes=_AXIS,
    forward=kernels.cumprod,
    vjps=(_cumprod_vjp,),
    examples=_EXAMPLES,
    doc="The product of all elements up to each.",
)


def _difference(high: Value, low: Value) -> Value:
    """high - low, and 0 where both are the same infinity."""
    same = g.logical_and(g.eq(high, low), g.isinf(high))
    return g.where(same, 0.0, g.sub(g.where(same, 0.0, high), g.where(same, 0.0, low)))


def _logcumsumexp_vjp(ct: Value, y: Value, x: Value, axis: int) -> Value:
    """The sum of ct[i] exp(x[k] - y[i]) over i >= k, by factors exp(y[i] - y[i + 1]) that are at most 1."""
    if x.spec.ndim == 0 or x.spec.size == 0:
        return ct
    # Behind the last place stands infinity: exp(y - inf) is 0 and stays so, where exp(y - 0) could overflow.
    decay = g.exp(_difference(y, _shifted(y, axis, -1, math.inf)))
    reached = g.linear_scan(decay, ct, axis=axis, reverse=True)
    return g.mul(reached, g.exp(_difference(x, y)))


op(
    "logcumsumexp",
    "x",
    rule=Rule("cumulative", kinds="f"),
    attributes=_AXIS,
    forward=kernels.logcumsumexp,
    vjps=(_logcumsumexp_vjp,),
    examples=_EXAMPLES,
    flops=25,
    doc="The logarithm of the running sum of exponentials.",
)


def _running_vjp(
    cts: tuple[Value | None, Value | None], ys: tuple[Value, Value], x: Value, axis: int
) -> Value | None:
    if cts[0] is None:
        return None
    return g.scatter_add(g.zeros_like(x), ys[1], cts[0], axis=axis)


for _name, _largest, _word in (("cummax", True, "largest"), ("cummin", False, "smallest")):
    op(
        _name,
        "x",
        rule=Rule("cumulative", kinds="biuf", indices=True),
        attributes=_AXIS,
        outputs=2,
        forward=lambda xp, x, *, axis, largest=_largest: kernels.running_extreme(
            xp, x, axis=axis, largest=largest
        ),
        vjps=(_running_vjp,),
        examples=_EXAMPLES,
        doc=f"The {_word} element up to each place, and the last place it was seen at.",
    )
