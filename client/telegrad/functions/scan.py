"""Running sums, products and extremes along a dimension."""

from __future__ import annotations

from collections.abc import Callable

from telegrad import _primitives as p
from telegrad.functions.operands import at_least_one_dim, axis_of, reshaped, widened
from telegrad.functions.results import Extreme, returned_by
from telegrad.making.promotion import to_float
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType


def _along(x: Tensor, dim: int, scan: Callable[[Tensor, int], Tensor]) -> Tensor:
    axis = axis_of(dim, x.ndim)
    return reshaped(scan(at_least_one_dim(x), axis), tuple(x.shape))


@function(inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The sums of the elements so far."""
    return _along(widened(input, dtype), dim, lambda x, axis: p.cumsum(x, axis=axis, reverse=False))


@function(inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The products of the elements so far."""
    return _along(widened(input, dtype), dim, lambda x, axis: p.cumprod(x, axis=axis))


@function()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithms of the sums of the exponentials so far."""
    return _along(to_float(input), dim, lambda x, axis: p.logcumsumexp(x, axis=axis))


_Cummax, _Cummin = returned_by("cummax", Extreme), returned_by("cummin", Extreme)


def _extremes(
    form: type[Extreme], x: Tensor, dim: int, scan: Callable[..., tuple[Tensor, Tensor]]
) -> Extreme:
    axis = axis_of(dim, x.ndim)
    values, indices = scan(at_least_one_dim(x), axis=axis)
    shape = tuple(x.shape)
    return form(reshaped(values, shape), reshaped(indices, shape))


@function()
def cummax(input: Tensor, dim: int) -> Extreme:
    """The largest elements so far, and where they were."""
    return _extremes(_Cummax, input, dim, p.cummax)


@function()
def cummin(input: Tensor, dim: int) -> Extreme:
    """The smallest elements so far, and where they were."""
    return _extremes(_Cummin, input, dim, p.cummin)
