"""Sorting, and what is read off a sorted tensor: the largest few, medians, quantiles, modes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import (
    as_tensor,
    at_least_one_dim,
    axis_of,
    detached,
    expanded,
    filled,
    like,
    reshaped,
)
from telegrad.functions.pieces import part
from telegrad.functions.reduction import pick
from telegrad.functions.results import Extreme, returned_by
from telegrad.functions.shape import moved
from telegrad.making.creation import array_from, from_array
from telegrad.making.promotion import cast, constant
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError

_Sort, _Topk = returned_by("sort", Extreme), returned_by("topk", Extreme)
_Kthvalue, _Mode = returned_by("kthvalue", Extreme), returned_by("mode", Extreme)
_Median, _Nanmedian = returned_by("median", Extreme), returned_by("nanmedian", Extreme)


@function()
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Extreme:
    """The elements in order along a dimension, and where they were."""
    axis = axis_of(dim, input.ndim)
    values, indices = p.sort(at_least_one_dim(input), axis=axis, descending=descending, stable=True)
    shape = tuple(input.shape)
    found = _Sort(reshaped(values, shape), reshaped(indices, shape))
    return found if stable is None else labelled(found, "SortBackward1")


@function(label=None)
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements in order are."""
    return sort(detached(input), dim, descending, stable).indices


@function(label="SortBackward0")
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0).values


@function()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extreme:
    """The k largest (or smallest) elements along a dimension in order, and where they are.

    Raises:
        ArgumentError: there are not so many.
    """
    if input.dtype.kind in "bc":
        raise DTypeError(f"topk does not support {scalar_name(input.dtype)} dtypes on CPU")
    axis = axis_of(dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= size:
        raise ArgumentError("selected index k out of range")
    if not input.ndim:
        return _Topk(p.identity(input), constant_index(()))
    values, indices = p.sort(input, axis=axis, descending=largest, stable=True)
    return _Topk(part(values, axis, 0, k), part(indices, axis, 0, k))


def constant_index(shape: tuple[int, ...]) -> Tensor:
    """The index 0 in every place of a new tensor."""
    return filled(shape, 0, int64)


@function()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Extreme:
    """The k-th smallest element along a dimension, and where it is.

    Raises:
        ArgumentError: there are not so many.
        AxisError: there is none.
    """
    axis = axis_of(dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if not size:
        raise AxisError(f"kthvalue(): Expected reduction dim {axis} to have non-zero size.")
    if not 1 <= k <= size:
        raise ArgumentError(f"kthvalue(): selected number k out of range for dimension {axis}")
    return _Kthvalue(*_ranked(input, axis, k - 1, keepdim))


def _ranked(x: Tensor, axis: int, rank: int, keepdim: bool) -> Extreme:
    """The element of a rank along an axis, and where it is."""
    if not x.ndim:
        return Extreme(p.identity(x), constant_index(()))
    _, order = p.sort(detached(x), axis=axis, descending=False, stable=True)
    index = part(order, axis, rank, rank + 1)
    return _found(x, index, axis, keepdim)


def _found(x: Tensor, index: Tensor, axis: int, keepdim: bool) -> Extreme:
    shape = tuple(n for i, n in enumerate(x.shape) if i != axis)
    return Extreme(pick(x, index, axis, keepdim), index if keepdim else p.reshape(index, shape=shape))


def _median(x: Tensor, axis: int, keepdim: bool, *, skip_nan: bool) -> Extreme:
    if not x.ndim:
        return Extreme(p.identity(x), constant_index(()))
    size = x.shape[axis]
    if not size:
        raise AxisError(f"median(): Expected reduction dim {axis} to have non-zero size.")
    # NaN sorts last. The median of a slice with NaN is its first NaN, or the median of the rest where NaN is
    # skipped.
    if x.dtype.kind != "f":
        return _ranked(x, axis, (size - 1) // 2, keepdim)
    plain = detached(x)
    _, order = p.sort(plain, axis=axis, descending=False, stable=True)
    numbers = p.sum(p.cast(p.logical_not(p.isnan(plain)), dtype=int64), axes=(axis,), keepdims=True)
    one, two = constant(1, int64), constant(2, int64)
    middle = p.maximum(p.floor_divide(p.sub(numbers, one), two), constant(0, int64))
    if not skip_nan:
        middle = p.where(p.lt(numbers, constant(size, int64)), numbers, middle)
    return _found(x, p.gather(order, middle, axis=axis), axis, keepdim)


def evenly(x: Tensor, value: Tensor) -> Tensor:
    """`value`, which some elements of x have, with its gradient shared evenly among these."""
    same = p.eq(x, value)
    if x.dtype.kind == "f":
        same = p.logical_or(same, p.logical_and(p.isnan(x), p.isnan(value)))
    axes = tuple(range(x.ndim))
    total = p.sum(p.where(same, x, like(x, 0)), axes=axes, keepdims=False)
    count = p.sum(p.cast(same, dtype=x.dtype), axes=axes, keepdims=False)
    shared = p.div(total, count)
    # The mean of equal numbers may be off by a rounding; the difference is a number, not differentiated.
    exact = p.add(shared, detached(p.sub(value, shared)))
    return p.where(p.isfinite(value), exact, shared)


def _median_of_all(x: Tensor, *, skip_nan: bool) -> Tensor:
    if not x.numel():
        return filled((), math.nan, x.dtype)
    flat = p.reshape(x, shape=(x.numel(),))
    value = _median(detached(flat), 0, False, skip_nan=skip_nan).values
    return evenly(flat, value) if x.dtype.kind == "f" else value


@function()
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two middle elements; along a dimension (values, indices)."""
    if dim is None:
        return _median_of_all(input, skip_nan=False)
    found = _Median(*_median(input, axis_of(dim, input.ndim), keepdim, skip_nan=False))
    return labelled(found, "MedianBackward1")


@function()
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of those elements that are no NaN; along a dimension (values, indices)."""
    if dim is None:
        return _median_of_all(input, skip_nan=True)
    found = _Nanmedian(*_median(input, axis_of(dim, input.ndim), keepdim, skip_nan=True))
    return labelled(found, "NanmedianBackward1")


@function()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Extreme:
    """The smallest of the most frequent elements along a dimension, and where it is last."""
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        return _Mode(p.identity(input), constant_index(()))
    last = input.ndim - 1
    x = moved(input, axis, last)
    plain = detached(x)
    values, order = p.sort(plain, axis=last, descending=False, stable=True)
    # In a sorted row, the run of an element ends where the next larger one would be inserted.
    after = p.searchsorted(values, values, right=True)
    before = p.searchsorted(values, values, right=False)
    best = p.argmax(p.sub(after, before), axis=last, keepdims=True)
    index = p.gather(order, p.sub(p.gather(after, best, axis=last), constant(1, int64)), axis=last)
    found = _found(x, index, last, True)
    if keepdim:
        return _Mode(moved(found.values, last, axis), moved(found.indices, last, axis))
    lead = tuple(x.shape[:-1])
    return _Mode(p.reshape(found.values, shape=lead), p.reshape(found.indices, shape=lead))


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    x: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, *, skip_nan: bool
) -> Tensor:
    name = "nanquantile" if skip_nan else "quantile"
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise DTypeError(f"{name}() input tensor must be either float or double dtype")
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    if not isinstance(q, Tensor) and not 0 <= q <= 1:
        raise ArgumentError(f"{name}() q must be in the range [0, 1] but got {q}")
    ranks = as_tensor(q)
    if ranks.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor")
    if isinstance(q, Tensor):
        inside = p.logical_and(p.ge(ranks, like(ranks, 0)), p.le(ranks, like(ranks, 1)))
        ranks = p.require(ranks, inside, message=f"{name}() q values must be in the range [0, 1]")
    ranks = cast(ranks, x.dtype)
    axis = 0 if dim is None else axis_of(dim, x.ndim)
    ndim = x.ndim
    rows = p.reshape(x, shape=(x.numel(),)) if dim is None or not x.ndim else moved(x, axis, x.ndim - 1)
    if not rows.shape[-1]:
        raise ArgumentError(f"{name}() input tensor must be non-empty")
    out = _interpolated(rows, ranks, interpolation, skip_nan=skip_nan)
    # The last dimension is now that of q, which torch puts first.
    lead = tuple(out.shape[:-1])
    if keepdim:
        lead = (1,) * ndim if dim is None or not ndim else (*lead[:axis], 1, *lead[axis:])
    if not ranks.ndim:
        return p.reshape(out, shape=lead)
    return p.reshape(moved(out, out.ndim - 1, 0), shape=(ranks.shape[0], *lead))


def _interpolated(rows: Tensor, ranks: Tensor, interpolation: str, *, skip_nan: bool) -> Tensor:
    """Quantiles of the last dimension.

    Shape: (..., n) and () or (k,) to (..., k).
    """
    last = rows.ndim - 1
    lead = tuple(rows.shape[:-1])
    ordered, _ = p.sort(rows, axis=last, descending=False, stable=True)
    line = reshaped(ranks, (1,) * last + (-1,))
    missing = p.isnan(detached(rows))
    numbers = p.sum(p.cast(p.logical_not(missing), dtype=rows.dtype), axes=(last,), keepdims=True)
    top = p.sub(numbers, like(rows, 1)) if skip_nan else like(rows, rows.shape[-1] - 1)
    place = p.maximum(p.mul(line, top), like(rows, 0))
    if not skip_nan:
        # A row with a NaN, which sorts last, gives that NaN.
        broken = p.any(missing, axes=(last,), keepdims=True)
        place = p.where(broken, like(rows, rows.shape[-1] - 1), place)
    place = expanded(place, (*lead, line.shape[-1]))
    match interpolation:
        case "lower":
            place = p.floor(place)
        case "higher":
            place = p.ceil(place)
        case "nearest":
            place = p.round(place)
    low = p.floor(place)
    below = p.gather(ordered, p.cast(detached(low), dtype=int64), axis=last)
    if interpolation not in ("linear", "midpoint"):
        return below
    above = p.gather(ordered, p.cast(p.ceil(detached(place)), dtype=int64), axis=last)
    share = p.sub(place, low)
    if interpolation == "midpoint":
        share = p.where(p.gt(share, like(share, 0)), like(share, 0.5), like(share, 0))
    mixed = p.add(below, p.mul(share, p.sub(above, below)))
    return p.where(p.eq(share, like(share, 0)), below, mixed)


@function(label="SqueezeBackward4")
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The value below which a share q of the elements lies, along a dimension or of all."""
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=False)


@function(label="SqueezeBackward4")
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The quantiles of those elements that are no NaN."""
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=True)


@function(label=None)
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements in order (slices along `dim`); the tensor is looked at, since they decide the
    shape.
    """
    array = array_from(input)
    found = np.unique(array, return_inverse=True, return_counts=True, axis=dim)
    inverse = found[1].reshape(input.shape) if dim is None else found[1].reshape(-1)
    parts = [found[0], *([inverse] if return_inverse else []), *([found[2]] if return_counts else [])]
    out = [from_array(np.array(part, order="C")) for part in parts]
    return out[0] if len(out) == 1 else tuple(out)


@function(label=None)
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements (slices along `dim`); the tensor is looked at, since they
    decide the shape.
    """
    array = array_from(input)
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, dim, 0)
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    kept = rows[new]
    inverse = np.cumsum(new) - 1
    parts = [kept if dim is None else np.moveaxis(kept, 0, dim)]
    if return_inverse:
        parts.append(inverse.reshape(input.shape) if dim is None else inverse)
    if return_counts:
        parts.append(np.bincount(inverse, minlength=int(new.sum())).astype(np.int64))
    out = [from_array(np.array(part, order="C")) for part in parts]
    return out[0] if len(out) == 1 else tuple(out)
