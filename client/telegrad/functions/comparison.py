"""Comparisons, logic and bits: functions through which no gradient flows."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import Operand, like
from telegrad.making.creation import array_from
from telegrad.making.promotion import promote_operands, to_float
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError, DTypeError

Binary = Callable[[Tensor, Operand], Tensor]


def _comparison(
    name: str,
    primitive: Callable[[Tensor, Tensor], Tensor],
    doc: str,
    *,
    aliases: tuple[str, ...] = (),
    numbers: str = "other",
) -> Binary:
    """The torch function that is one primitive.

    Args:
        name: torch's name.
        primitive: the primitive.
        doc: its text.
        aliases: further names.
        numbers: where numbers are taken: "either" operand, the "other" one, "none".
    """

    def apply(input: Operand, other: Operand) -> Tensor:
        return primitive(*promote_operands(input, other))

    def apply_first(input: Tensor, other: Operand) -> Tensor:
        return apply(input, other)

    def apply_tensors(input: Tensor, other: Tensor) -> Tensor:
        return apply(input, other)

    body: Any = {"either": apply, "other": apply_first, "none": apply_tensors}[numbers]
    body.__name__ = body.__qualname__ = name
    body.__doc__ = doc
    registered: Binary = function(label=None, inplace=True, aliases=aliases, method=True)(body)
    return registered


eq = _comparison("eq", p.eq, "Where two elements are equal.")
ne = _comparison("ne", p.ne, "Where two elements differ.", aliases=("not_equal",))
lt = _comparison("lt", p.lt, "Where the first element is smaller.", aliases=("less",))
le = _comparison("le", p.le, "Where the first element is not larger.", aliases=("less_equal",))
gt = _comparison("gt", p.gt, "Where the first element is larger.", aliases=("greater",))
ge = _comparison("ge", p.ge, "Where the first element is not smaller.", aliases=("greater_equal",))
logical_and = _comparison("logical_and", p.logical_and, "Where neither element is zero.", numbers="none")
logical_or = _comparison("logical_or", p.logical_or, "Where not both elements are zero.", numbers="none")
logical_xor = _comparison("logical_xor", p.logical_xor, "Where one of two elements is zero.", numbers="none")
bitwise_and = _comparison("bitwise_and", p.bitwise_and, "The bits that both have.", numbers="either")
bitwise_or = _comparison("bitwise_or", p.bitwise_or, "The bits that at least one has.", numbers="either")
bitwise_xor = _comparison("bitwise_xor", p.bitwise_xor, "The bits that one of two has.", numbers="either")
bitwise_left_shift = _comparison("bitwise_left_shift", p.shift_left, "The bits moved up.", numbers="either")
bitwise_right_shift = _comparison(
    "bitwise_right_shift", p.shift_right, "The bits moved down.", numbers="either"
)


@function(label=None)
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where |input - other| <= atol + rtol * |other|, or both are the same infinity, or both NaN if
    `equal_nan`.
    """
    if input.dtype is not other.dtype:
        raise DTypeError(f"isclose: {scalar_name(input.dtype)} did not match {scalar_name(other.dtype)}")
    for name, allowance in (("rtol", rtol), ("atol", atol)):
        if allowance < 0:
            raise ArgumentError(f"isclose: {name} must be greater than or equal to zero, but got {allowance}")
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
    """Where an element is one of the test elements.

    Raises:
        DTypeError: they are bool or complex.
    """
    for given in (elements, test_elements):
        if isinstance(given, Tensor) and given.dtype.kind in "bc":
            raise DTypeError(f"Unsupported input type encountered for isin(): {scalar_name(given.dtype)}")
    a, b = promote_operands(elements, test_elements)
    lead = tuple(a.shape)
    wide = p.reshape(a, shape=(*lead, 1))
    flat = p.reshape(b, shape=(shapes.size_of(tuple(b.shape)),))
    found = p.any(p.eq(wide, flat), axes=(len(lead),), keepdims=False)
    return p.logical_not(found) if invert else found


@function(label=None, inplace=True)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below zero, 1 above, `values` at zero."""
    if input.dtype is not values.dtype:
        raise DTypeError(
            "heaviside is not yet implemented for tensors with different dtypes: got "
            f"{scalar_name(input.dtype)} and {scalar_name(values.dtype)}"
        )
    if input.dtype.kind == "c":
        raise DTypeError("heaviside is not yet implemented for complex tensors.")
    x, y = input, values
    step = p.where(p.gt(x, like(x, 0)), like(x, 1), like(x, 0))
    return p.where(p.eq(x, like(x, 0)), y, p.where(p.isnan(x), x, step))
