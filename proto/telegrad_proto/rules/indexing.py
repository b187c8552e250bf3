"""Reading and writing at positions that are values. Whether one exists is known when it is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.errors import AxisError, ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_index, require_length
from telegrad_proto.shapes import Shape
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def _at_least_1d(shape: Shape) -> Shape:
    return shape or (1,)


def gather(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x read along `axis` at the positions in index: index's shape, x's dtype.

    Raises:
        DTypeError: index is not int64.
        AxisError: the axis is out of range.
        ShapeError: index has another number of dimensions, or is larger than x beside the axis.
    """
    x, index = specs
    axis = attrs["axis"]
    require_index(index)
    shapes.check_axis(axis, x.ndim)
    # torch asks nothing of an empty index.
    if index.size:
        source, picked = _at_least_1d(x.shape), _at_least_1d(index.shape)
        if len(source) != len(picked):
            raise ShapeError(
                "Index tensor must have the same number of dimensions as input tensor",
                x=x.shape,
                index=index.shape,
            )
        for other, (dim, taken) in enumerate(zip(source, picked, strict=True)):
            if other != axis and taken > dim:
                raise ShapeError(
                    f"Size does not match at dimension {other} expected index {list(index.shape)} to be no "
                    f"larger than self {list(x.shape)} apart from dimension {axis}"
                )
    return (index.with_dtype(x.dtype),)


def scatter(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with src written, or added, along `axis` at the positions in index: x's own.

    Raises:
        DTypeError: index is not int64; x and src differ.
        AxisError: the axis is out of range.
        ShapeError: another number of dimensions, or index is larger than src, or than x beside the axis.
    """
    x, index, src = specs
    axis = attrs["axis"]
    require_index(index)
    require_equal_dtypes(x, src)
    shapes.check_axis(axis, x.ndim)
    if index.size:
        target, picked, given = _at_least_1d(x.shape), _at_least_1d(index.shape), _at_least_1d(src.shape)
        if len(target) != len(picked):
            raise ShapeError(
                "Index tensor must have the same number of dimensions as self tensor",
                x=x.shape,
                index=index.shape,
            )
        if len(given) != len(picked):
            raise ShapeError(
                "Index tensor must have the same number of dimensions as src tensor",
                src=src.shape,
                index=index.shape,
            )
        for other, (dim, taken, room) in enumerate(zip(target, picked, given, strict=True)):
            if taken > room or (other != axis and taken > dim):
                raise ShapeError(
                    f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart "
                    f"from dimension {axis} and to be no larger size than src {list(src.shape)}"
                )
    return (x,)


def _indexed(x: Spec, indices: tuple[Spec, ...], axes: tuple[int, ...]) -> Shape:
    if not indices:
        raise ShapeError("index: requires at least one index")
    if len(indices) > x.ndim:
        raise AxisError(f"too many indices for tensor of dimension {x.ndim}")
    require_length("axes", axes, len(indices))
    shapes.check_axes(axes, x.ndim)
    for index in indices:
        require_index(index)
    try:
        picked = shapes.broadcast_all(index.shape for index in indices)
    except ShapeError:
        listed = ", ".join(str(list(index.shape)) for index in indices)
        raise AxisError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from None
    if shapes.size_of(picked) and any(x.shape[axis] == 0 for axis in axes):
        raise AxisError("index is out of bounds for dimension with size 0", x=x.shape)
    return shapes.indexed_shape(x.shape, axes, picked)


def index(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x read at index arrays along `axes`, which broadcast to one shape.

    Raises:
        DTypeError: an index is not int64.
        AxisError: axes out of range, twice or not increasing; indices that do not broadcast;
            an empty dimension indexed.
        ShapeError: not one index an axis.
        LimitError: a shape past a bound.
    """
    x, *indices = specs
    return (x.with_shape(_indexed(x, tuple(indices), attrs["axes"])),)


def index_put(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with values written, or added, at index arrays along `axes`: x's own.

    Raises:
        DTypeError: an index is not int64; x and values differ.
        AxisError: axes out of range, twice or not increasing; indices that do not broadcast;
            an empty dimension indexed.
        ShapeError: not one index an axis; values that do not stretch to what is indexed.
        LimitError: a shape past a bound.
    """
    x, values, *indices = specs
    require_equal_dtypes(x, values)
    target = x.with_shape(_indexed(x, tuple(indices), attrs["axes"])).shape
    try:
        shapes.check_expand(values.shape, target)
    except ShapeError:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            f"indexing result of shape {list(target)}"
        ) from None
    return (x,)
