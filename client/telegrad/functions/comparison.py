"""Comparisons, logic and bits: functions through which no gradient flows."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable

from telegrad import _primitives as p
from telegrad.creation import array_from
from telegrad.functions.operands import Operand, like
from telegrad.promotion import promote_operands, to_float
from telegrad.registry import function
from telegrad.tensor import Tensor
from telegrad_proto import shapes

Binary = Callable[[Tensor, Operand], Tensor]


def _comparison(
    name: str, primitive: Callable[[Tensor, Tensor], Tensor], doc: str, *, aliases: tuple[str, ...] = ()
) -> Binary:
    def apply(input: Tensor, other: Operand) -> Tensor:
        return primitive(*promote_operands(input, other))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = doc
    return function(label=None, inplace=True, aliases=aliases)(apply)


eq = _comparison("eq", p.eq, "Where two elements are equal.")
ne = _comparison("ne", p.ne, "Where two elements differ.", aliases=("not_equal",))
lt = _comparison("lt", p.lt, "Where the first element is smaller.", aliases=("less",))
le = _comparison("le", p.le, "Where the first element is not larger.", aliases=("less_equal",))
gt = _comparison("gt", p.gt, "Where the first element is larger.", aliases=("greater",))
ge = _comparison("ge", p.ge, "Where the first element is not smaller.", aliases=("greater_equal",))
logical_and = _comparison("logical_and", p.logical_and, "Where neither element is zero.")
logical_or = _comparison("logical_or", p.logical_or, "Where not both elements are zero.")
logical_xor = _comparison("logical_xor", p.logical_xor, "Where one of two elements is zero.")
bitwise_and = _comparison("bitwise_and", p.bitwise_and, "The bits that both have.")
bitwise_or = _comparison("bitwise_or", p.bitwise_or, "The bits that at least one has.")
bitwise_xor = _comparison("bitwise_xor", p.bitwise_xor, "The bits that one of two has.")
bitwise_left_shift = _comparison("bitwise_left_shift", p.shift_left, "The bits moved up.")
bitwise_right_shift = _comparison("bitwise_right_shift", p.shift_right, "The bits moved down.")


@function(label=None)
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where |input - other| <= atol + rtol * |other|, or both are the same infinity, or both NaN if
    `equal_nan`.
    """
    a, b = promote_operands(input, other)
    close = p.eq(a, b)
    if equal_nan and a.dtype.kind in "fc":
        close = p.logical_or(close, p.logical_and(p.isnan(a), p.isnan(b)))
    if rtol == 0 and atol == 0:
        return close
    x, y = to_float(a), to_float(b)
    gap, bound = p.abs(p.sub(x, y)), p.abs(y)
    allowed = p.add(p.mul(bound, like(bound, rtol)), like(bound, atol))
    return p.logical_or(close, p.logical_and(p.isfinite(gap), p.le(gap, allowed)))


@function(label=None)
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> builtins.bool:
    """Whether all elements are close."""
    close = isclose(input, other, rtol, atol, equal_nan)
    return builtins.bool(array_from(p.all(close, axes=tuple(range(close.ndim)), keepdims=False)))


@function(label=None)
def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether both have the same shape and equal elements."""
    if tuple(input.shape) != tuple(other.shape):
        return False
    if not math.prod(input.shape):
        return True
    same = eq(input, other)
    return builtins.bool(array_from(p.all(same, axes=tuple(range(same.ndim)), keepdims=False)))


@function(label=None)
def isin(
    elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Where an element is one of the test elements."""
    a, b = promote_operands(elements, test_elements)
    lead = tuple(a.shape)
    wide = p.reshape(a, shape=(*lead, 1))
    flat = p.reshape(b, shape=(shapes.size_of(tuple(b.shape)),))
    found = p.any(p.eq(wide, flat), axes=(len(lead),), keepdims=False)
    return p.logical_not(found) if invert else found
