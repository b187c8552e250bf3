"""Operators that move elements and compute none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError, AxisError, ShapeError
from telegrad_proto.rules.checks import require_at_least, require_equal_dtypes, require_fits, require_length
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def reshape(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with other dimensions and as many elements.

    Raises:
        ShapeError: the sizes differ, or a dimension is negative (-1 is resolved before).
    """
    (x,) = specs
    out = x.with_shape(attrs["shape"])
    if out.size != x.size:
        raise ShapeError(f"shape '{list(out.shape)}' is invalid for input of size {x.size}", shape=x.shape)
    return (out,)


def transpose(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with its dimensions in another order.

    Raises:
        ShapeError: not one entry a dimension.
        AxisError: no permutation.
    """
    (x,) = specs
    perm = attrs["perm"]
    if len(perm) != x.ndim:
        raise ShapeError(
            "permute: number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(perm)}"
        )
    if sorted(perm) != list(range(x.ndim)):
        raise AxisError(f"perm: requires a permutation of the {x.ndim} dimensions, got {perm}")
    return (x.with_shape(tuple(x.shape[axis] for axis in perm)),)


def broadcast_to(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x stretched to a shape.

    Raises:
        ShapeError: x does not stretch to it.
        LimitError: a shape past a bound.
    """
    (x,) = specs
    out = x.with_shape(attrs["shape"])
    shapes.check_expand(x.shape, out.shape)
    return (out,)


def flip(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x reversed along axes: x's own.

    Raises:
        AxisError: axes out of range, twice or not increasing.
    """
    (x,) = specs
    shapes.check_axes(attrs["axes"], x.ndim)
    return (x,)


def _sliced(x: Spec, attrs: Attrs) -> tuple[int, ...]:
    starts, limits, strides = attrs["starts"], attrs["limits"], attrs["strides"]
    for name, values in (("starts", starts), ("limits", limits), ("strides", strides)):
        require_length(name, values, x.ndim)
    require_at_least("strides", strides, 1)
    for axis, (dim, start, limit) in enumerate(zip(x.shape, starts, limits, strict=True)):
        if not 0 <= start <= limit <= dim:
            raise AxisError(
                f"slice: requires 0 <= start <= limit <= {dim} in dimension {axis}, got {start} and {limit}"
            )
    return tuple(map(shapes.sliced_dim, starts, limits, strides))


def slice_(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of the elements start, start + stride, ... before limit in every dimension.

    Raises:
        ShapeError: not one entry a dimension.
        ArgumentError: a stride below 1.
        AxisError: a start or a limit outside the array.
    """
    (x,) = specs
    return (x.with_shape(_sliced(x, attrs)),)


def set_slice(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with src written over a slice: x's own.

    Raises:
        DTypeError: two dtypes.
        ShapeError: src is not of the slice's shape; not one entry a dimension.
        ArgumentError: a stride below 1.
        AxisError: a start or a limit outside the array.
    """
    x, src = specs
    require_equal_dtypes(x, src)
    target = _sliced(x, attrs)
    if src.shape != target:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src.shape)}, slice size = {list(target)}"
        )
    return (x,)


def pad(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x with `interior` places between its elements, `low` before, `high` behind; negatives crop.

    Raises:
        ShapeError: not one entry a dimension; more is cropped than there is.
        ArgumentError: a negative interior; a value that is none of x's dtype.
        LimitError: a shape past a bound.
    """
    (x,) = specs
    low, high, interior = attrs["low"], attrs["high"], attrs["interior"]
    for name, values in (("low", low), ("high", high), ("interior", interior)):
        require_length(name, values, x.ndim)
    require_at_least("interior", interior, 0)
    require_fits(attrs["value"], x.dtype)
    out = []
    for axis, (dim, before, behind, between) in enumerate(zip(x.shape, low, high, interior, strict=True)):
        spread = dim + between * max(dim - 1, 0)
        if before + spread + behind < 0:
            raise ShapeError(
                f"The input size {dim}, plus negative padding {before} and {behind}, resulted in a negative "
                f"output size, which is invalid. Check dimension {axis} of your input."
            )
        out.append(before + spread + behind)
    return (x.with_shape(tuple(out)),)


def concatenate(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of the inputs one behind the other along `axis`.

    Raises:
        ArgumentError: no input.
        DTypeError: two dtypes.
        AxisError: the axis is out of range.
        ShapeError: other dimensions differ, or an input has none.
    """
    if not specs:
        raise ArgumentError("expected a non-empty list of Tensors")
    axis = attrs["axis"]
    dtype = require_equal_dtypes(*specs)
    first = specs[0].shape
    if not first:
        raise ShapeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    shapes.check_axis(axis, len(first))
    total = 0
    for position, spec in enumerate(specs):
        if len(spec.shape) != len(first):
            raise ShapeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(spec.shape)}"
            )
        for other, (expected, dim) in enumerate(zip(first, spec.shape, strict=True)):
            if other != axis and expected != dim:
                raise ShapeError(
                    f"Sizes of tensors must match except in dimension {axis}. "
                    f"Expected size {expected} but got size {dim} for tensor number {position} in the list."
                )
        total += spec.shape[axis]
    return (Spec((*first[:axis], total, *first[axis + 1 :]), dtype),)
