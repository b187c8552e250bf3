"""Max pools whose windows begin at random places, so that the result can have any size (Graham 2014)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import detached, like, positions
from telegrad.making.promotion import constant
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.geometry import Ints, batched, per_dim, unbatched
from telegrad.random import uniform
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, ShapeError


def _wanted(x: Tensor, name: str, output_size: Any, output_ratio: Any, ndim: int) -> Ints:
    spatial = tuple(x.shape[x.ndim - ndim :])
    if output_size is not None:
        return per_dim(output_size, ndim, "output_size")
    if output_ratio is None:
        raise ArgumentError(f"{name} requires specifying either an output_size or an output_ratio")
    ratios = (output_ratio,) * ndim if isinstance(output_ratio, (int, float)) else tuple(output_ratio)
    if len(ratios) != ndim:
        raise ArgumentError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
    return tuple(int(n * ratio) for n, ratio in zip(spatial, ratios, strict=True))


def _starts(sample: Tensor, size: int, count: int, window: int) -> Tensor:
    """Where the windows along a dimension begin: at a random offset, in almost even steps, to the end.

    Shape: sample (n, c) to (n, c, count)
    """
    last = constant(size - window, int64)
    lead = tuple(sample.shape)
    if count == 1:
        return p.broadcast_to(last, shape=(*lead, 1))
    step = like(sample, (size - window) / (count - 1))
    wide = p.reshape(sample, shape=(*lead, 1))
    place = positions(count)
    along = p.mul(p.add(p.cast(place, dtype=sample.dtype), wide), step)
    begin = p.sub(p.cast(along, dtype=int64), p.cast(p.mul(wide, step), dtype=int64))
    return p.where(p.eq(place, constant(count - 1, int64)), last, begin)


def _pooled(x: Tensor, name: str, sizes: Ints, counts: Ints, samples: Tensor | None) -> tuple[Tensor, Tensor]:
    """The largest elements of the windows, and their places in the flattened last dimensions."""
    ndim = len(sizes)
    x, single = batched(x, ndim, name)
    lead, spatial = tuple(x.shape[:2]), tuple(x.shape[2:])
    for n, size, count in zip(spatial, sizes, counts, strict=True):
        if count < 1 or count + size - 1 > n:
            raise ShapeError(f"{name}(): pool size {size} too large relative to input size {n}")
    if samples is None:
        samples = uniform((*lead, ndim), x.dtype)
    elif tuple(samples.shape) != (*lead, ndim):
        raise ShapeError(f"Expect _random_samples to be of shape {[*lead, ndim]}, got {list(samples.shape)}")
    place: Tensor | None = None
    for i in range(ndim):
        # Of two dimensions, torch takes the first sample for the last one.
        which = ndim - 1 - i if ndim == 2 else i
        sample = p.slice(samples, starts=(0, 0, which), limits=(*lead, which + 1), strides=(1, 1, 1))
        start = _starts(p.reshape(sample, shape=lead), spatial[i], counts[i], sizes[i])
        own = [1] * (2 + 2 * ndim)
        own[0], own[1], own[2 + i] = *lead, counts[i]
        inside = [1] * (2 + 2 * ndim)
        inside[2 + ndim + i] = sizes[i]
        at = p.add(p.reshape(start, shape=tuple(own)), p.reshape(positions(sizes[i]), shape=tuple(inside)))
        place = at if place is None else p.add(p.mul(place, constant(spatial[i], int64)), at)
    assert place is not None, "there is a dimension"
    windows, elements = math.prod(counts), math.prod(sizes)
    flat = p.reshape(x, shape=(*lead, math.prod(spatial)))
    listed = p.reshape(place, shape=(*lead, windows * elements))
    seen = p.reshape(p.gather(detached(flat), listed, axis=2), shape=(*lead, windows, elements))
    tap = p.argmax(seen, axis=3, keepdims=True)
    best = p.gather(p.reshape(place, shape=(*lead, windows, elements)), tap, axis=3)
    best = p.reshape(best, shape=(*lead, windows))
    shape = (*lead, *counts)
    values = p.reshape(p.gather(flat, best, axis=2), shape=shape)
    return unbatched(values, single), unbatched(p.reshape(best, shape=shape), single)


def _fractional(ndim: int, label: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    name = f"fractional_max_pool{ndim}d"

    def with_indices(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = True,
        _random_samples: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        sizes = per_dim(kernel_size, ndim, "kernel_size")
        counts = _wanted(input, name, output_size, output_ratio, ndim)
        return _pooled(input, name, sizes, counts, _random_samples)

    def apply(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        found = with_indices(input, kernel_size, output_size, output_ratio, True, _random_samples)
        return found if return_indices else found[0]

    words = f"largest elements of windows that begin at random places of the last {ndim} dimensions"
    with_indices.__name__ = with_indices.__qualname__ = f"{name}_with_indices"
    with_indices.__doc__ = f"The {words}, and their places."
    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"The {words}; with their places where `return_indices`."
    register = function(namespace=HERE, label=label, coupled=True)
    return register(apply), function(namespace=HERE, label=label, coupled=True)(with_indices)


fractional_max_pool2d, fractional_max_pool2d_with_indices = _fractional(2, "FractionalMaxPool2DBackward0")
fractional_max_pool3d, fractional_max_pool3d_with_indices = _fractional(3, "FractionalMaxPool3DBackward0")
