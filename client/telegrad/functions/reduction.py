"""Functions that leave fewer elements: sums, means, extremes, norms."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.arithmetic import maximum, minimum
from telegrad.functions.operands import (
    Dims,
    at_least_one_dim,
    axes_of,
    axis_of,
    cast_to,
    count_of,
    detached,
    expanded,
    like,
    reshaped,
    sizes_of,
    tensor_of,
    widened,
)
from telegrad.functions.results import Extreme, MinMax, returned_by
from telegrad.making.promotion import to_float
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType, bool_, int64, uint8
from telegrad_proto.errors import AxisError, DTypeError, ShapeError


def _all_axes(x: Tensor) -> tuple[int, ...]:
    return tuple(range(x.ndim))


@function()
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over the dimensions, or over all."""
    x = widened(input, dtype)
    out = p.sum(x, axes=axes_of(dim, x._value.spec.ndim), keepdims=keepdim)
    return out if dim is None else labelled(out, "SumBackward1")


@function()
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum of those elements that are no NaN."""
    x = widened(input, dtype)
    if x.dtype.kind == "f":
        x = p.where(p.isnan(x), like(x, 0), x)
    return p.sum(x, axes=axes_of(dim, x.ndim), keepdims=keepdim)


def mean_over(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """The mean over the axes."""
    total = p.sum(x, axes=axes, keepdims=keepdims)
    return p.div(total, like(x, count_of(x.shape, axes)))


@function()
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over the dimensions, or over all.

    Raises:
        DTypeError: the elements are integers and no other `dtype` is given.
    """
    x = cast_to(input, dtype)
    if x.dtype.kind not in "fc":
        raise DTypeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {scalar_name(x.dtype)}"
        )
    out = mean_over(x, axes_of(dim, x.ndim), keepdim)
    return out if dim is None else labelled(out, "MeanBackward1")


@function(label="DivBackward0")
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean of those elements that are no NaN.

    Raises:
        DTypeError: the elements are not floating point.
    """
    if input.dtype.kind not in "fc":
        raise DTypeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{scalar_name(input.dtype)}"
        )
    x = cast_to(input, dtype)
    axes = axes_of(dim, x.ndim)
    missing = p.isnan(x)
    total = p.sum(p.where(missing, like(x, 0), x), axes=axes, keepdims=keepdim)
    count = p.sum(p.cast(p.logical_not(missing), dtype=x.dtype), axes=axes, keepdims=keepdim)
    return p.div(total, count)


@function()
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The product along a dimension, or of all elements."""
    x = widened(input, dtype)
    out = p.prod(x, axes=axes_of(dim, x.ndim), keepdims=keepdim)
    return out if dim is None else labelled(out, "ProdBackward1")


@function()
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest elements; equal ones share the gradient."""
    if dim is None or dim == ():
        _require_elements(input, "amax")
    return p.amax(input, axes=axes_of(dim, input.ndim), keepdims=keepdim)


@function()
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest elements; equal ones share the gradient."""
    if dim is None or dim == ():
        _require_elements(input, "amin")
    return p.amin(input, axes=axes_of(dim, input.ndim), keepdims=keepdim)


@function(label=None)
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element is not zero."""
    return _truth(p.any(input, axes=axes_of(dim, input.ndim, empty_is_all=False), keepdims=keepdim), input)


def _truth(found: Tensor, x: Tensor) -> Tensor:
    # Of bytes torch gives bytes, as it did when they were its bool.
    return p.cast(found, dtype=uint8) if x.dtype is uint8 else found


@function(label=None)
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element is zero."""
    return _truth(p.all(input, axes=axes_of(dim, input.ndim, empty_is_all=False), keepdims=keepdim), input)


def _require_elements(x: Tensor, name: str, kind: type[Exception] = ShapeError) -> None:
    if not math.prod(x.shape):
        raise kind(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
            "dim with the 'dim' argument."
        )


@function(label=None)
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest elements are."""
    return _arg(input, dim, keepdim, p.argmax, "argmax")


@function(label=None)
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest elements are."""
    return _arg(input, dim, keepdim, p.argmin, "argmin")


def _arg(x: Tensor, dim: int | None, keepdim: bool, primitive: Any, name: str) -> Tensor:
    if x.dtype is bool_:
        raise DTypeError(f"{name}(): does not support bool input")
    if dim is None:
        _require_elements(x, name, AxisError)
        found: Tensor = primitive(reshaped(x, (-1,)), axis=0, keepdims=False)
        return reshaped(found, (1,) * x.ndim) if keepdim else found
    axis = axis_of(dim, x.ndim)
    if not x.ndim:
        return reshaped(primitive(at_least_one_dim(x), axis=0, keepdims=False), ())
    return primitive(x, axis=axis, keepdims=keepdim)  # type: ignore[no-any-return]


def pick(x: Tensor, index: Tensor, axis: int, keepdim: bool) -> Tensor:
    """The elements of x at one index along the axis, whose dimension is 1 in `index` and stays where
    `keepdim`.
    """
    taken = p.gather(x, index, axis=axis)
    return taken if keepdim else _dropped(taken, axis)


def _dropped(x: Tensor, axis: int) -> Tensor:
    return p.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i != axis))


def _extreme(x: Tensor, dim: int, keepdim: bool, primitive: Any) -> tuple[Tensor, Tensor]:
    axis = axis_of(dim, x.ndim)
    if not x.ndim:
        index = reshaped(primitive(at_least_one_dim(x), axis=0, keepdims=False), ())
        return p.identity(x), index
    index = primitive(x, axis=axis, keepdims=True)
    return pick(x, index, axis, keepdim), index if keepdim else _dropped(index, axis)


_Max, _Min = returned_by("max", Extreme), returned_by("min", Extreme)
_MinMax = returned_by("aminmax", MinMax)


@function(label="MaxBackward1")
def max(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The largest element; along a dimension (values, indices); with a second tensor the larger of two
    elements.
    """
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return labelled(maximum(input, other), "MaximumBackward0")
    if dim is None:
        _require_elements(input, "max")
        return p.amax(input, axes=_all_axes(input), keepdims=False)
    assert not isinstance(dim, Tensor)
    values, indices = _extreme(input, dim, keepdim, p.argmax)
    return _Max(labelled(values, "MaxBackward0"), indices)


@function(label="MinBackward1")
def min(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The smallest element; along a dimension (values, indices); with a second tensor the smaller of two
    elements.
    """
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return labelled(minimum(input, other), "MinimumBackward0")
    if dim is None:
        _require_elements(input, "min")
        return p.amin(input, axes=_all_axes(input), keepdims=False)
    assert not isinstance(dim, Tensor)
    values, indices = _extreme(input, dim, keepdim, p.argmin)
    return _Min(labelled(values, "MinBackward0"), indices)


@function()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The smallest and the largest elements; equal ones share the gradient."""
    if dim is None and not math.prod(input.shape):
        raise ShapeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    axes = axes_of(dim, input.ndim)
    return _MinMax(p.amin(input, axes=axes, keepdims=keepdim), p.amax(input, axes=axes, keepdims=keepdim))


def variance_over(
    x: Tensor, axes: tuple[int, ...], keepdims: bool, correction: float
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over the axes."""
    centre = mean_over(x, axes, True)
    away = p.sub(x, centre)
    if x.dtype.kind == "c":
        squares = p.real(p.mul(away, p.conj(away)))
    else:
        squares = p.mul(away, away)
    total = p.sum(squares, axes=axes, keepdims=keepdims)
    free = builtins.max(count_of(x.shape, axes) - correction, 0)
    kept = (
        centre
        if keepdims
        else p.reshape(centre, shape=tuple(n for i, n in enumerate(x.shape) if i not in axes))
    )
    return p.div(total, like(total, free)), kept


def _variance(
    x: Tensor, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[Tensor, Tensor]:
    # var(x, unbiased) is torch's older call, var(x, dim, unbiased, keepdim) its old one, var(x, dim,
    # correction=) today's.
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if x.dtype.kind not in "fc":
        raise DTypeError("std and var only support floating point and complex dtypes")
    return variance_over(x, axes_of(dim, x.ndim), keepdim, correction)


def _root(variance: Tensor) -> Tensor:
    """The square root whose derivative at 0 is 0, as that of torch's standard deviation."""
    zero = p.eq(variance, like(variance, 0))
    return p.where(zero, like(variance, 0), p.sqrt(p.where(zero, like(variance, 1), variance)))


@function()
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance; `correction` is taken from the number of elements (1: unbiased)."""
    return _variance(input, dim, unbiased, keepdim, correction)[0]


@function()
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation."""
    return _root(_variance(input, dim, unbiased, keepdim, correction)[0])


@function(method=False)
def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    return _variance(input, dim, unbiased, keepdim, correction)


@function(method=False)
def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    variance, centre = _variance(input, dim, unbiased, keepdim, correction)
    return _root(variance), centre


def logsumexp_over(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """log(sum(exp(x))) over the axes, with the largest element taken out so that nothing overflows."""
    if not count_of(x.shape, axes):
        return p.log(p.sum(p.exp(x), axes=axes, keepdims=keepdims))
    if x.dtype.kind == "c":
        # The largest real part keeps the exponentials in range; the arguments stay.
        largest = p.amax(p.real(detached(x)), axes=axes, keepdims=True)
        shift = cast_to(p.where(p.isfinite(largest), largest, like(largest, 0)), x.dtype)
        total = p.log(p.sum(p.exp(p.sub(x, shift)), axes=axes, keepdims=keepdims))
        return p.add(total, shift if keepdims else reshaped(shift, tuple(total.shape)))
    largest = p.amax(detached(x), axes=axes, keepdims=True)
    shift = p.where(p.isfinite(largest), largest, like(x, 0))
    total = p.log(p.sum(p.exp(p.sub(x, shift)), axes=axes, keepdims=keepdims))
    return p.add(total, shift if keepdims else reshaped(shift, tuple(total.shape)))


@function()
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log(sum(exp(input)))."""
    x = to_float(input)
    return logsumexp_over(x, axes_of(dim, x.ndim), keepdim)


@function(label=None)
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not zero."""
    there = p.ne(input, like(input, 0))
    return p.sum(tensor_of(there, int64), axes=axes_of(dim, input.ndim), keepdims=False)


@function(label="SumBackward1")
def sum_to_size(input: Tensor, *size: Any, **named: Any) -> Tensor:
    """The sum over those dimensions in which the input was stretched from `size`."""
    target = sizes_of(size, "sum_to_size", "size", named)
    lead = input.ndim - len(target)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, n in enumerate(target) if n == 1 and input.shape[i + lead] != 1
    )
    out = p.sum(widened(input), axes=axes, keepdims=True) if axes else input if target else widened(input)
    return expanded(reshaped(out, target), target)
