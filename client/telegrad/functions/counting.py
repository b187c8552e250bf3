"""Histograms and powers: functions that count, or build tables of, what a vector holds."""

from __future__ import annotations

import numpy as np

from telegrad import _primitives as p
from telegrad.autograd.mode import MODE
from telegrad.functions.operands import filled, like, tensor_of
from telegrad.making.creation import array_from
from telegrad.making.promotion import cast, constant
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import float64, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


@function(label=None)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs in a vector, or the sums of its weights; it is looked at.

    Raises:
        ShapeError: not a vector.
        ArgumentError: a number is negative, or `minlength`.
    """
    if input.ndim != 1 or input.dtype.kind not in "iu":
        raise ShapeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise ArgumentError(f"minlength should be >= 0, got {minlength}")
    array = array_from(input)
    if array.size and array.min() < 0:
        raise ArgumentError("bincount only supports 1-d non-negative integral inputs.")
    size = max(minlength, int(array.max()) + 1 if array.size else 0)
    if weights is None or not array.size:  # without numbers torch does not look at the weights
        kind, shares = int64, filled(input.shape, 1, int64)
    else:
        kind = weights.dtype if weights.dtype.kind == "f" else float64
        shares = tensor_of(weights, kind)
    return p.scatter_add(filled((size,), 0, kind), cast(input, int64), shares, axis=0)


@function(label=None)
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of so many intervals of one length between two bounds.

    Raises:
        ArgumentError: no interval, or bounds the wrong way round.
    """
    if input.dtype.kind != "f":
        raise DTypeError(f"\"histogram_cpu\" not implemented for '{input.dtype.name}'")
    if bins < 1:
        raise ArgumentError("torch.histc(): bins must be > 0")
    x = p.reshape(input, shape=(input.numel(),))
    low, high, share = _intervals(x, bins, float(min), float(max))
    place = p.floor(p.mul(p.sub(x, low), share))
    inside = p.logical_and(p.ge(x, low), p.le(x, high))
    # The last interval holds its upper bound; what is outside goes to a place that is cut off.
    place = p.where(p.ge(place, like(x, bins)), like(x, bins - 1), place)
    slot = p.where(inside, p.cast(place, dtype=int64), constant(bins, int64))
    counts = p.scatter_add(
        filled((bins + 1,), 0, input.dtype), slot, filled(tuple(x.shape), 1, input.dtype), axis=0
    )
    return p.slice(counts, starts=(0,), limits=(bins,), strides=(1,))


def _intervals(x: Tensor, bins: int, low: float, high: float) -> tuple[Tensor, Tensor, Tensor]:
    """The bounds, and how many intervals a unit holds: those given, or those of the elements where these are
    equal. Only then they are looked at; inside `vmap` not even then.

    Shape: x (n), all results ()

    Raises:
        ArgumentError: bounds that are not finite, or the wrong way round.
    """
    if low == high and x.numel() and MODE.levels:
        from telegrad.recording.batching import level_of  # what never maps never loads it

        if level_of(x) is not None:
            return _found_intervals(x, bins)
    if low == high and x.numel():
        array = array_from(x)
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ArgumentError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise ArgumentError("torch.histc: max must be larger than min")
    return like(x, low), like(x, high), like(x, bins / (high - low))


def _found_intervals(x: Tensor, bins: int) -> tuple[Tensor, Tensor, Tensor]:
    low = cast(p.amin(x, axes=(0,), keepdims=False), float64)
    high = cast(p.amax(x, axes=(0,), keepdims=False), float64)
    room = p.where(p.eq(low, high), like(low, 1), like(low, 0))
    low, high = p.sub(low, room), p.add(high, room)
    return cast(low, x.dtype), cast(high, x.dtype), cast(p.div(like(low, bins), p.sub(high, low)), x.dtype)


def powers(x: Tensor, count: int) -> Tensor:
    """The powers 0 to count - 1 of each element, along a new last dimension, as running products."""
    lead = tuple(x.shape)
    if count < 1:
        return filled((*lead, 0), 0, x.dtype)
    ones = p.broadcast_to(p.identity(like(x, 1)), shape=(*lead, 1))
    if count == 1:
        return ones
    repeated = p.broadcast_to(p.reshape(x, shape=(*lead, 1)), shape=(*lead, count - 1))
    return p.concatenate(ones, p.cumprod(repeated, axis=len(lead)), axis=len(lead))


@function(label="FlipBackward0", method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of a vector's elements, a row each, the highest first.

    Raises:
        ShapeError: not a vector.
        ArgumentError: a negative number of powers.
    """
    if x.ndim != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    if N is not None and N < 0:
        raise ArgumentError(f"vander: N must be non-negative, got {N}")
    base = x if x.dtype.kind in "fc" else tensor_of(x, int64)
    table = powers(base, x.shape[0] if N is None else N)
    return table if increasing else p.flip(table, axes=(1,))


@function(label=None, method=False)
def unravel_index(indices: Tensor, shape: int | tuple[int, ...]) -> tuple[Tensor, ...]:
    """The coordinates of places in a tensor laid out flat.

    Raises:
        DTypeError: the places are no integers.
        ArgumentError: a size is negative.
    """
    if indices.dtype.kind not in "iu":
        raise DTypeError(f"unravel_index: expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else shape
    if any(size < 0 for size in shape):
        raise ArgumentError(f"unravel_index: 'shape' cannot have negative values, but got {tuple(shape)}")
    rest = cast(indices, int64)
    out: list[Tensor] = []
    for size in reversed(shape):
        out.append(p.remainder(rest, constant(size, int64)))
        rest = p.floor_divide(rest, constant(size, int64))
    return tuple(reversed(out))
