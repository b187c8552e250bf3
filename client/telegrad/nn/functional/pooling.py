"""Pools: the mean, or the largest element, of windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.arithmetic import truncated
from telegrad.functions.operands import detached, like, positions
from telegrad.making.creation import from_array
from telegrad.making.promotion import cast, constant, to_float
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.geometry import Ints, batched, per_dim, pooled_sizes, surrounded, unbatched
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import bool_, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _check_padding(sizes: Ints, padding: Ints, dilations: Ints) -> None:
    for size, side, apart in zip(sizes, padding, dilations, strict=True):
        if side < 0:
            raise ArgumentError(f"pad must be non-negative, but got pad: {side}")
        if side > ((size - 1) * apart + 1) // 2:
            raise ShapeError(
                f"pad should be at most half of effective kernel size, but got pad={side}, "
                f"kernel_size={size} and dilation={apart}"
            )


def _windows(
    x: Tensor, counts: Ints, sizes: Ints, strides: Ints, padding: Ints, dilations: Ints, fill: float
) -> Tensor:
    """The windows of x, with as much padding behind as the last ones reach."""
    spatial = x.shape[x.ndim - len(sizes) :]
    behind = [
        (count - 1) * stride + (size - 1) * apart + 1 - side - n
        for n, count, size, stride, side, apart in zip(
            spatial, counts, sizes, strides, padding, dilations, strict=True
        )
    ]
    # Elements behind the last window are cut off by a negative number.
    return p.windows(surrounded(x, padding, behind, fill), sizes=sizes, strides=strides, dilations=dilations)


def _divisors(spatial: Ints, counts: Ints, sizes: Ints, strides: Ints, padding: Ints, *, whole: bool) -> Any:
    """How many elements each window's mean counts: one number, or an array where windows differ."""
    lines = []
    for n, count, size, stride, side in zip(spatial, counts, sizes, strides, padding, strict=True):
        start = np.arange(count) * stride - side
        stop = np.minimum(start + size, n + side)
        inside = stop - start if whole else np.minimum(stop, n) - np.maximum(start, 0)
        lines.append(inside)
    total = lines[0]
    for line in lines[1:]:
        total = total[..., None] * line
    return int(total.flat[0]) if (total == total.flat[0]).all() else total


def average_pool(
    x: Tensor,
    name: str,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    ndim: int,
) -> Tensor:
    """The means of windows over the last `ndim` dimensions.

    Raises:
        ArgumentError: a divisor of 0.
        ShapeError: sizes that do not fit.
    """
    sizes = per_dim(kernel_size, ndim, "kernel_size")
    strides = sizes if stride is None or stride == () else per_dim(stride, ndim, "stride")
    sides = per_dim(padding, ndim, "padding")
    _check_padding(sizes, sides, (1,) * ndim)
    if divisor_override == 0:
        raise ArgumentError("divisor must be not zero")
    x, single = batched(x, ndim, name)
    spatial = tuple(x.shape[2:])
    counts = pooled_sizes(x.shape, sizes, strides, sides, (1,) * ndim, ceil_mode=ceil_mode)
    seen = _windows(x, counts, sizes, strides, sides, (1,) * ndim, 0)
    total = p.sum(seen, axes=tuple(range(2 + ndim, 2 + 2 * ndim)), keepdims=False)
    count = divisor_override or _divisors(spatial, counts, sizes, strides, sides, whole=count_include_pad)
    if isinstance(count, int):
        divisor = like(total, count)
    else:
        divisor = from_array(count.astype(x.dtype.typestr))
    # Integers stay integers: what is over is cut off, as in C.
    quotient = p.div(total, divisor) if x.dtype.kind in "fc" else truncated(total, divisor)
    return unbatched(quotient, single)


def _average(ndim: int, label: str) -> Callable[..., Tensor]:
    name = f"avg_pool{ndim}d"

    def apply(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        return average_pool(
            input, name, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, ndim
        )

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"The means of windows over the last {ndim} dimension{'s' if ndim > 1 else ''}."
    return function(namespace=("", HERE) if ndim == 1 else HERE, label=label, coupled=True)(apply)


avg_pool1d = _average(1, "SqueezeBackward1")
avg_pool2d = _average(2, "AvgPool2DBackward0")
avg_pool3d = _average(3, "AvgPool3DBackward0")


def _taken(x: Tensor, places: Tensor, spatial: int) -> Tensor:
    """The elements at places of the flattened last dimensions.

    Shape: (n, c, *spatial) and int64 (n, c, *counts) to (n, c, *counts)
    """
    lead = tuple(x.shape[:2])
    flat = p.reshape(x, shape=(*lead, math.prod(x.shape[2 : 2 + spatial])))
    listed = p.reshape(places, shape=(*lead, math.prod(places.shape[2:])))
    return p.reshape(p.gather(flat, listed, axis=2), shape=tuple(places.shape))


def _lowest(x: Tensor) -> float:
    if x.dtype.kind in "bc":
        raise DTypeError(f"\"max_pool\" not implemented for '{scalar_name(x.dtype)}'")
    return -math.inf if x.dtype.kind == "f" else float(np.iinfo(x.dtype.typestr).min)


def largest_of_windows(
    x: Tensor,
    name: str,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    ndim: int,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows over the last `ndim` dimensions, and their places in these, flattened.

    The first of several equal ones is taken, as in torch, and the gradient goes to that one alone.
    """
    sizes = per_dim(kernel_size, ndim, "kernel_size")
    strides = sizes if stride is None or stride == () else per_dim(stride, ndim, "stride")
    sides, apart = per_dim(padding, ndim, "padding"), per_dim(dilation, ndim, "dilation")
    _check_padding(sizes, sides, apart)
    if not all(x.shape[x.ndim - ndim - 1 :]):
        raise ShapeError(
            f"{name}: Expected {ndim + 1}D or {ndim + 2}D (batch mode) tensor with optional 0 dim batch size "
            f"for input, but got:{list(x.shape)}"
        )
    x, single = batched(x, ndim, name)
    spatial = tuple(x.shape[2:])
    counts = pooled_sizes(x.shape, sizes, strides, sides, apart, ceil_mode=ceil_mode)
    seen = _windows(detached(x), counts, sizes, strides, sides, apart, _lowest(x))
    rows = p.reshape(seen, shape=(*seen.shape[: 2 + ndim], math.prod(sizes)))
    tap = p.argmax(rows, axis=rows.ndim - 1, keepdims=False)
    place: Tensor | None = None
    below = math.prod(sizes)
    for i in range(ndim):
        below //= sizes[i]
        # Which tap of this dimension, and where that is in the input.
        own = tap if ndim == 1 else p.remainder(_over(tap, below), constant(sizes[i], int64))
        line = [1] * (2 + ndim)
        line[2 + i] = counts[i]
        first = p.sub(p.mul(positions(counts[i]), constant(strides[i], int64)), constant(sides[i], int64))
        at = p.add(p.mul(own, constant(apart[i], int64)), p.reshape(first, shape=tuple(line)))
        if sides[i]:
            # Where no element is above what surrounds them, the first of the elements.
            least = p.remainder(first, constant(apart[i], int64))
            at = p.maximum(at, p.reshape(least, shape=tuple(line)))
        place = at if place is None else p.add(p.mul(place, constant(spatial[i], int64)), at)
    assert place is not None, "there is a dimension"
    return unbatched(_taken(x, place, ndim), single), unbatched(place, single)


def _over(x: Tensor, divisor: int) -> Tensor:
    return x if divisor == 1 else p.floor_divide(x, constant(divisor, int64))


def _largest(ndim: int, label: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    name = f"max_pool{ndim}d"

    def with_indices(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = True,
    ) -> tuple[Tensor, Tensor]:
        return largest_of_windows(input, name, kernel_size, stride, padding, dilation, ceil_mode, ndim)

    def apply(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        found = largest_of_windows(input, name, kernel_size, stride, padding, dilation, ceil_mode, ndim)
        return found if return_indices else found[0]

    words = f"largest elements of windows over the last {ndim} dimension{'s' if ndim > 1 else ''}"
    with_indices.__name__ = with_indices.__qualname__ = f"{name}_with_indices"
    with_indices.__doc__ = f"The {words}, and their places."
    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"The {words}; with their places where `return_indices`."
    register = function(namespace=("", HERE), label=label, coupled=True)
    return register(apply), function(namespace=HERE, label=label, coupled=True)(with_indices)


max_pool1d, max_pool1d_with_indices = _largest(1, "SqueezeBackward1")
max_pool2d, max_pool2d_with_indices = _largest(2, "MaxPool2DWithIndicesBackward0")
max_pool3d, max_pool3d_with_indices = _largest(3, "MaxPool3DWithIndicesBackward0")


def power_pool(
    x: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool, ndim: int
) -> Tensor:
    """The norms of order `norm_type` of windows; 0 where the sum of powers is negative.

    Of integers they are floating point numbers, and so are the powers where the order is one.

    Raises:
        ArgumentError: a negative integer power of integers.
    """
    if type(norm_type) is not int:
        x = to_float(x)
    elif x.dtype.kind in "bui":
        if norm_type < 0:
            raise ArgumentError("Integers to negative integer powers are not allowed.")
        x = cast(x, int64) if x.dtype is bool_ else x
    powers = p.pow(x, like(x, norm_type))
    name = f"lp_pool{ndim}d"
    mean = average_pool(powers, name, kernel_size, stride, 0, ceil_mode, True, None, ndim)
    zero = like(mean, 0)
    kept = p.mul(p.sign(mean), p.where(p.le(p.abs(mean), zero), zero, p.abs(mean)))
    total = p.mul(kept, like(mean, math.prod(per_dim(kernel_size, ndim, "kernel_size"))))
    total = to_float(total)
    return p.pow(total, like(total, 1 / norm_type))


@function(namespace=HERE, label="PowBackward0")
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of windows over the last dimension."""
    return power_pool(input, norm_type, kernel_size, stride, ceil_mode, 1)


@function(namespace=HERE, label="PowBackward0")
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of windows over the last two dimensions."""
    return power_pool(input, norm_type, kernel_size, stride, ceil_mode, 2)


@function(namespace=HERE, label="PowBackward0")
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of windows over the last three dimensions."""
    return power_pool(input, norm_type, kernel_size, stride, ceil_mode, 3)
