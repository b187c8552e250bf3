"""Functions that write elements where an index, a slice or a diagonal says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import (
    Operand,
    at_least_one_dim,
    axis_of,
    expanded,
    like,
    positions,
    reshaped,
    tensor_of,
)
from telegrad.functions.selection import from_zero, indices_of, one_index, whole_of
from telegrad.functions.shape import permuted
from telegrad.making.creation import array_from, from_array
from telegrad.making.promotion import cast
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.dtypes import bool_, int32, int64, uint8
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError


@function(inplace=True)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Operand | None = None,
    *,
    value: Operand | None = None,
    reduce: str | None = None,
) -> Tensor:
    """The tensor with elements of `src`, or one value, written along a dimension where `index` says.

    Raises:
        ArgumentError: `reduce` is neither "add" nor "multiply".
    """
    given = src if value is None else value
    if given is None:
        raise TypeError("scatter() received an invalid combination of arguments: requires src or value")
    found = indices_of(index, "scatter")
    axis = axis_of(dim, input.ndim)
    if isinstance(given, Tensor) and (given.ndim or not input.ndim):
        source = given
    else:
        source = expanded(tensor_of(given, input.dtype), tuple(found.shape))
    if reduce == "multiply":
        return _reduced(input, axis, found, source, "prod", include_self=True)
    if reduce not in (None, "add"):
        raise ArgumentError("reduce argument must be either add or multiply.")
    write = p.scatter if reduce is None else p.scatter_add
    parts = [at_least_one_dim(x) for x in (input, found, source)]
    out = whole_of(input, write(*parts, axis=axis))
    return out if source is given or reduce is not None else labelled(out, "ScatterBackward1")


@function(inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """The tensor with elements of `src` added along a dimension where `index` says."""
    axis, found = axis_of(dim, input.ndim), indices_of(index, "scatter")
    parts = [at_least_one_dim(x) for x in (input, found, src)]
    return whole_of(input, p.scatter_add(*parts, axis=axis))


_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@function(inplace=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The tensor with elements of `src` reduced along a dimension into the places that `index` names.

    Raises:
        ArgumentError: `reduce` is none of sum, prod, mean, amax, amin.
    """
    if reduce not in _REDUCTIONS:
        raise ArgumentError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    axis, found = axis_of(dim, input.ndim), indices_of(index, "scatter_reduce")
    return _reduced(input, axis, found, src, reduce, include_self=include_self)


@function(inplace=True)
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The tensor with slices of `source` reduced into those that a vector of indices names along a dimension.

    Raises:
        ArgumentError: `reduce` is none of prod, mean, amax, amin.
        ShapeError: the source differs in more than the length along the dimension.
    """
    if reduce not in _REDUCTIONS[1:]:
        raise ArgumentError(f"reduce argument must be either prod, mean, amax or amin, got {reduce}")
    axis, found = axis_of(dim, input.ndim), one_index(index, "index_reduce")
    values = at_least_one_dim(source)
    whole, given = tuple(input.shape), tuple(source.shape)
    if len(whole) != len(given) or whole[:axis] + whole[axis + 1 :] != given[:axis] + given[axis + 1 :]:
        raise ShapeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(whole)} source.shape = {list(given)}"
        )
    if found.shape[0] != values.shape[axis]:
        raise ShapeError(
            f"index_reduce_(): Number of indices ({found.shape[0]}) should be equal to source.size(dim): "
            f"({values.shape[axis]}), for dim: {axis}"
        )
    line = tuple(-1 if i == axis else 1 for i in range(values.ndim))
    spread = expanded(reshaped(found, line), tuple(values.shape))
    return _reduced(input, axis, spread, source, reduce, include_self=include_self)


def _check_ranks(x: Tensor, index: Tensor, src: Tensor) -> None:
    for name, other in (("self", x), ("src", src)):
        if other.ndim != index.ndim:
            raise ShapeError(
                f"Index tensor must have the same number of dimensions as {name} tensor, got {index.ndim} "
                f"and {other.ndim}"
            )


def _reduced(x: Tensor, axis: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool) -> Tensor:
    base, found, values = (at_least_one_dim(t) for t in (x, index, src))
    if reduce not in ("sum", "mean"):  # those are checked where they are written
        size = base.shape[axis]
        found = p.reshape(from_zero(p.reshape(found, shape=(found.numel(),)), size), shape=tuple(found.shape))
    _check_ranks(base, found, values)
    if tuple(values.shape) != tuple(found.shape):
        whole = zip(values.shape, found.shape, strict=True)
        if any(have < want for have, want in whole):
            raise ShapeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart from "
                f"dimension {axis} and to be no larger size than src {list(src.shape)}"
            )
        zeros, ones = (0,) * values.ndim, (1,) * values.ndim
        values = p.slice(values, starts=zeros, limits=tuple(found.shape), strides=ones)
    if reduce in ("sum", "mean"):
        return whole_of(
            x, _scattered_mean(base, axis, found, values, include_self=include_self, mean=reduce == "mean")
        )
    return whole_of(x, _scattered_extreme(base, axis, found, values, reduce, include_self=include_self))


def _hits(base: Tensor, axis: int, index: Tensor) -> Tensor:
    """How many elements each place of `base` gets."""
    ones = expanded(like(base, 1), tuple(index.shape))
    return p.scatter_add(expanded(like(base, 0), tuple(base.shape)), index, ones, axis=axis)


def _scattered_mean(
    base: Tensor, axis: int, index: Tensor, values: Tensor, *, include_self: bool, mean: bool
) -> Tensor:
    count = _hits(base, axis, index)
    untouched = p.eq(count, like(count, 0))
    start = base if include_self else p.where(untouched, base, like(base, 0))
    total = p.scatter_add(start, index, values, axis=axis)
    if not mean:
        return total
    count = p.add(count, like(count, 1)) if include_self else p.where(untouched, like(count, 1), count)
    return p.div(total, count) if base.dtype.kind in "fc" else p.floor_divide(total, count)


def _scattered_extreme(
    base: Tensor, axis: int, index: Tensor, values: Tensor, reduce: str, *, include_self: bool
) -> Tensor:
    """Products and extremes by a table of which source goes where: an axis of sources beside the axis of
    targets.
    """
    if not math.prod(index.shape):
        return base
    targets = base.shape[axis]
    # Places that `index` does not cover in other dimensions keep their own values.
    cover = tuple(n if i == axis else m for i, (n, m) in enumerate(zip(base.shape, index.shape, strict=True)))
    zeros, ones = (0,) * base.ndim, (1,) * base.ndim
    inner = base if cover == tuple(base.shape) else p.slice(base, starts=zeros, limits=cover, strides=ones)
    wide = (*index.shape[: axis + 1], 1, *index.shape[axis + 1 :])
    line = tuple(targets if i == axis + 1 else 1 for i in range(base.ndim + 1))
    chosen = p.eq(p.reshape(index, shape=wide), p.reshape(positions(targets), shape=line))
    neutral, combine = {
        "prod": (1, p.prod),
        "amax": (-math.inf if base.dtype.kind == "f" else _bound(base, "min"), p.amax),
        "amin": (math.inf if base.dtype.kind == "f" else _bound(base, "max"), p.amin),
    }[reduce]
    table = p.where(chosen, p.reshape(values, shape=wide), like(base, neutral))
    touched = p.any(chosen, axes=(axis,), keepdims=False)
    own = p.reshape(inner, shape=(*inner.shape[:axis], 1, *inner.shape[axis:]))
    if not include_self:
        kept = p.reshape(touched, shape=tuple(own.shape))
        own = p.where(kept, like(base, neutral), own)
    out = combine(p.concatenate(own, table, axis=axis), axes=(axis,), keepdims=False)
    if cover == tuple(base.shape):
        return out
    return p.set_slice(base, out, starts=zeros, limits=cover, strides=ones)


def _bound(x: Tensor, which: str) -> int:
    if x.dtype.kind == "b":
        return int(which == "max")
    return int(getattr(np.iinfo(x.dtype.typestr), which))


@function()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """The tensor with `src` written at one index along a dimension."""
    axis = axis_of(dim, input.ndim)
    size = input.shape[axis]
    if not -size <= index < size:
        raise AxisError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        )
    place = index + size if index < 0 else index
    expected = [*input.shape[:axis], *input.shape[axis + 1 :]]
    if list(src.shape) != expected:
        raise ShapeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice "
            f"size = {expected}"
        )
    slot = (*input.shape[:axis], 1, *input.shape[axis + 1 :])
    return _overwritten(input, p.reshape(src, shape=slot), axis, place, place + 1, 1)


def _overwritten(x: Tensor, src: Tensor, axis: int, start: int, stop: int, step: int) -> Tensor:
    starts, limits, strides = [0] * x.ndim, list(x.shape), [1] * x.ndim
    starts[axis], limits[axis], strides[axis] = start, stop, step
    return p.set_slice(
        x, cast(src, x.dtype), starts=tuple(starts), limits=tuple(limits), strides=tuple(strides)
    )


@function()
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """The tensor with `src` written from `start` to before `end` along a dimension."""
    axis = axis_of(dim, input.ndim)
    first, stop, _ = slice(start, end, step).indices(input.shape[axis])
    return _overwritten(input, src, axis, first, max(first, stop), step)


@function()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The tensor with `src` written on the diagonals of the matrices in two dimensions."""
    axis1, axis2 = axis_of(dim1, input.ndim), axis_of(dim2, input.ndim)
    lead = [i for i in range(input.ndim) if i not in (axis1, axis2)]
    order = (*lead, axis1, axis2)
    turned = permuted(input, order)
    rows, columns = turned.shape[-2:]
    batch = tuple(turned.shape[:-2])
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    if tuple(src.shape) != (*batch, length):
        raise ShapeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice "
            f"size = {[*batch, length]}"
        )
    if not length:
        return p.identity(input)
    flat = p.reshape(turned, shape=(*batch, rows * columns))
    start = offset if offset >= 0 else -offset * columns
    stop = start + (length - 1) * (columns + 1) + 1
    written = p.reshape(
        _overwritten(flat, src, len(batch), start, stop, columns + 1), shape=tuple(turned.shape)
    )
    back = tuple(order.index(i) for i in range(input.ndim))
    return permuted(written, back)


def _check_mask(mask: Tensor, axis: int, shape: tuple[int, ...]) -> None:
    for i, (have, want) in enumerate(zip(mask.shape, shape[axis:], strict=False)):
        if have != want:
            raise AxisError(
                f"The shape of the mask {list(mask.shape)} at index {i} does not match the shape of the "
                f"indexed tensor {list(shape)} at index {axis + i}"
            )


@function(inplace=True)
def index_put(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """The tensor with values written, or added, where index tensors point; masks count as their places."""
    arrays: list[Tensor] = []
    axes: list[int] = []
    axis = 0
    masks = [index.dtype is bool_ for index in indices if index is not None]
    if values.dtype is not input.dtype and not (values.numel() == 1 and all(masks)):
        raise DTypeError(
            "Index put requires the source and destination dtypes match, got "
            f"{scalar_name(input.dtype)} for the destination and {scalar_name(values.dtype)} for the source."
        )
    for index in indices:
        if index is None:
            axis += 1
        elif index.dtype is bool_:
            _check_mask(index, axis, tuple(input.shape))
            places = np.nonzero(array_from(index))
            for place in places:
                arrays.append(from_array(np.ascontiguousarray(place)))
                axes.append(axis)
                axis += 1
        else:
            if index.dtype not in _INDICES:
                raise AxisError("tensors used as indices must be long, int, byte or bool tensors")
            arrays.append(cast(index, int64))
            axes.append(axis)
            axis += 1
    picked = shapes.broadcast_all([tuple(a.shape) for a in arrays])
    target = shapes.indexed_shape(tuple(input.shape), tuple(axes), picked)
    source = expanded(cast(values, input.dtype), target)
    return p.index_put(input, source, *arrays, axes=tuple(axes), accumulate=accumulate)


#: Types of elements that point at places; bytes are taken for masks elsewhere.
_INDICES = (int64, int32, uint8)
