"""Pools that are told the size of their result, and the inverse of a max pool."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import detached, expanded, filled
from telegrad.functions.reduction import mean_over
from telegrad.making.creation import from_array
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.geometry import Ints, batched, per_dim, unbatched
from telegrad.recording.registry import couple, function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType, int64
from telegrad_proto.errors import ArgumentError, ShapeError


def _targets(x: Tensor, output_size: Any, ndim: int) -> Ints:
    """The wanted sizes; None stands for the input's."""
    if isinstance(output_size, bool):
        raise TypeError(
            f"adaptive_pool{ndim}d(): argument 'output_size' (position 2) must be tuple of ints, not bool"
        )
    given = (
        (output_size,) * ndim if output_size is None or isinstance(output_size, int) else tuple(output_size)
    )
    if len(given) == 1:
        given *= ndim
    if len(given) != ndim:
        raise ArgumentError(f"adaptive_pool{ndim}d: internal error: output_size.size() must be {ndim}")
    spatial = x.shape[x.ndim - ndim :]
    sizes = tuple(n if size is None else int(size) for n, size in zip(spatial, given, strict=True))
    for size in sizes:
        if size < 0:
            wanted = [*x.shape[: x.ndim - ndim], *sizes]
            raise ShapeError(f"Trying to create tensor with negative dimension {size}: {wanted}")
    return sizes


def _bounds(size: int, count: int) -> list[tuple[int, int]]:
    """Where the windows along a dimension begin and end."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _means_matrix(size: int, count: int, dtype: DType) -> Tensor:
    """The matrix that takes the means of windows.

    Shape: (size, count)
    """
    matrix = np.zeros((size, count), dtype.typestr)
    for i, (start, stop) in enumerate(_bounds(size, count)):
        matrix[start:stop, i] = 1 / (stop - start)
    return from_array(matrix)


def adaptive_means(x: Tensor, sizes: Ints) -> Tensor:
    """The means over windows that cut the last dimensions into so many parts, as even as can be."""
    for i, count in enumerate(sizes):
        axis = x.ndim - len(sizes) + i
        size = x.shape[axis]
        shape = tuple(x.shape)
        if count and size % count == 0:
            if size != count:
                x = mean_over(
                    p.reshape(x, shape=(*shape[:axis], count, size // count, *shape[axis + 1 :])),
                    (axis + 1,),
                    False,
                )
            continue
        order = [j for j in range(x.ndim) if j != axis]
        last = p.transpose(x, perm=(*order, axis))
        rows = p.reshape(last, shape=(math.prod(shape[j] for j in order), size))
        means = p.matmul(rows, _means_matrix(size, count, x.dtype))
        means = p.reshape(means, shape=(*(shape[j] for j in order), count))
        back = [*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)]
        x = p.transpose(means, perm=tuple(back))
    return x


def _adaptive_average(ndim: int, label: str) -> Callable[..., Tensor]:
    def apply(input: Tensor, output_size: Any) -> Tensor:
        x, single = batched(input, ndim, name)
        sizes = _targets(x, output_size, ndim)
        out = adaptive_means(x, sizes)
        out = unbatched(out if out is not input else p.identity(out), single)
        # torch takes a plain mean where the result is one element, and that is linear.
        return labelled(out, "MeanBackward1") if ndim > 1 and set(sizes) == {1} else couple(out, input)

    name = apply.__name__ = apply.__qualname__ = f"adaptive_avg_pool{ndim}d"
    apply.__doc__ = (
        f"The means over windows that cut the last {ndim} dimensions into parts of the wanted number."
    )
    return function(namespace=("", HERE) if ndim == 1 else HERE, label=label)(apply)


adaptive_avg_pool1d = _adaptive_average(1, "SqueezeBackward1")
adaptive_avg_pool2d = _adaptive_average(2, "AdaptiveAvgPool2DBackward0")
adaptive_avg_pool3d = _adaptive_average(3, "AdaptiveAvgPool3DBackward0")


def _places(spatial: Sequence[int], sizes: Ints) -> np.ndarray[Any, Any]:
    """The places, in the flattened dimensions, of each window's elements; short windows repeat their first.

    Shape: (windows, elements)
    """
    table = np.zeros((1, 1), np.int64)
    for n, count in zip(spatial, sizes, strict=True):
        bounds = _bounds(n, count)
        widest = max((stop - start for start, stop in bounds), default=0)
        line = np.array(
            [[start + (k if k < stop - start else 0) for k in range(widest)] for start, stop in bounds],
            np.int64,
        ).reshape(count, widest)
        table = (table[:, None, :, None] * n + line[None, :, None, :]).reshape(
            table.shape[0] * count, table.shape[1] * widest
        )
    return table


def adaptive_largest(x: Tensor, sizes: Ints) -> tuple[Tensor, Tensor]:
    """The largest elements of such windows, and their places."""
    lead, spatial = tuple(x.shape[:2]), tuple(x.shape[2:])
    flat = p.reshape(x, shape=(*lead, math.prod(spatial)))
    table = from_array(_places(spatial, sizes))
    seen = p.index(detached(flat), table, axes=(2,))
    if not math.prod(sizes):
        shape = (*lead, *sizes)
        return filled(shape, 0, x.dtype), filled(shape, 0, int64)
    tap = p.argmax(seen, axis=3, keepdims=True)
    listed = expanded(p.reshape(table, shape=(1, 1, *table.shape)), (*lead, *table.shape))
    place = p.gather(listed, tap, axis=3)
    place = p.reshape(place, shape=tuple(place.shape[:3]))
    shape = (*lead, *sizes)
    return p.reshape(p.gather(flat, place, axis=2), shape=shape), p.reshape(place, shape=shape)


def _adaptive_max(ndim: int, label: str) -> Callable[..., Any]:
    def apply(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        x, single = batched(input, ndim, name)
        found, place = adaptive_largest(x, _targets(x, output_size, ndim))
        values = unbatched(found, single)
        return (values, unbatched(place, single)) if return_indices else values

    name = apply.__name__ = apply.__qualname__ = f"adaptive_max_pool{ndim}d"
    apply.__doc__ = f"The largest elements of windows that cut the last {ndim} dimensions into as many parts."
    return function(namespace=HERE, label=label, coupled=True)(apply)


adaptive_max_pool1d = _adaptive_max(1, "SqueezeBackward1")
adaptive_max_pool2d = _adaptive_max(2, "AdaptiveMaxPool2DBackward0")
adaptive_max_pool3d = _adaptive_max(3, "AdaptiveMaxPool3DBackward0")


def _unpool(
    x: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    ndim: int,
    name: str,
) -> Tensor:
    sizes = per_dim(kernel_size, ndim, "kernel_size")
    strides = sizes if stride is None or stride == () else per_dim(stride, ndim, "stride")
    sides = per_dim(padding, ndim, "padding")
    if tuple(indices.shape) != tuple(x.shape):
        raise ShapeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but "
            f"got indices tensor with shape: {list(indices.shape)}"
        )
    x, single = batched(x, ndim, name)
    natural = [
        (n - 1) * step + size - 2 * side
        for n, step, size, side in zip(x.shape[2:], strides, sizes, sides, strict=True)
    ]
    target = natural if output_size is None else [int(n) for n in tuple(output_size)[-ndim:]]
    for d, (want, have, step) in enumerate(zip(target, natural, strides, strict=True)):
        if not have - step < want < have + step:
            raise ArgumentError(
                f'invalid output_size "{tuple(target)}" (dim {d} must be between {have - step} and '
                f"{have + step})"
            )
    lead = tuple(x.shape[:2])
    count = math.prod(x.shape[2:])
    empty = filled((*lead, math.prod(target)), 0, x.dtype)
    places = p.reshape(indices, shape=(*lead, count))
    out = p.scatter(empty, places, p.reshape(x, shape=(*lead, count)), axis=2)
    return unbatched(p.reshape(out, shape=(*lead, *target)), single)


def _inverse(ndim: int, label: str) -> Callable[..., Tensor]:
    def apply(
        input: Tensor,
        indices: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Tensor:
        return _unpool(input, indices, kernel_size, stride, padding, output_size, ndim, name)

    name = apply.__name__ = apply.__qualname__ = f"max_unpool{ndim}d"
    apply.__doc__ = "What a max pool took, put back to its places among zeros."
    return function(namespace=HERE, label=label)(apply)


max_unpool1d = _inverse(1, "SqueezeBackward1")
max_unpool2d = _inverse(2, "MaxUnpool2DBackward0")
max_unpool3d = _inverse(3, "MaxUnpool3DBackward0")
