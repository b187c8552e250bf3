"""Sliding windows and their overlap-add: what convolutions and pools are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.errors import ShapeError
from telegrad_proto.rules.checks import require_at_least, require_kind, require_length
from telegrad_proto.shapes import Shape
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def _counts(spatial: Shape, sizes: Shape, strides: Shape, dilations: Shape) -> Shape:
    require_length("strides", strides, len(spatial))
    require_length("dilations", dilations, len(spatial))
    require_at_least("sizes", sizes, 0)
    require_at_least("strides", strides, 1)
    require_at_least("dilations", dilations, 1)
    out = []
    for axis, (dim, size, stride, dilation) in enumerate(
        zip(spatial, sizes, strides, dilations, strict=True)
    ):
        count = shapes.window_count(dim, size, stride, dilation)
        if count < 1:
            span = shapes.window_span(size, dilation)
            raise ShapeError(f"maximum size for tensor at dimension {axis} is {dim} but size is {span}")
        out.append(count)
    return tuple(out)


def windows(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of every window over the last len(sizes) dimensions.

    Shape: lead + spatial gives lead + counts + sizes.

    Raises:
        ShapeError: a window larger than its dimension; not one entry a dimension.
        ArgumentError: a negative size, a stride or a dilation below 1.
        LimitError: a shape past a bound.
    """
    (x,) = specs
    sizes = attrs["sizes"]
    if len(sizes) > x.ndim:
        raise ShapeError(f"windows: requires at least {len(sizes)} dimensions, got {list(x.shape)}")
    lead = x.ndim - len(sizes)
    counts = _counts(x.shape[lead:], sizes, attrs["strides"], attrs["dilations"])
    return (x.with_shape((*x.shape[:lead], *counts, *sizes)),)


def fold_windows(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of windows added up where they overlap: the adjoint of `windows`.

    Shape: lead + counts + sizes gives lead + spatial.

    Raises:
        DTypeError: bool.
        ShapeError: counts that such windows of `spatial` do not have; not one entry a dimension.
        ArgumentError: a stride or a dilation below 1.
        LimitError: a shape past a bound.
    """
    (x,) = specs
    spatial = attrs["spatial"]
    require_kind(x.dtype, "iufc")
    count = len(spatial)
    if 2 * count > x.ndim:
        raise ShapeError(f"fold_windows: requires at least {2 * count} dimensions, got {list(x.shape)}")
    lead = x.ndim - 2 * count
    out = x.with_shape((*x.shape[:lead], *spatial))
    found, sizes = x.shape[lead : lead + count], x.shape[lead + count :]
    counts = _counts(spatial, sizes, attrs["strides"], attrs["dilations"])
    if counts != found:
        raise ShapeError(
            f"fold_windows: requires {list(counts)} windows of {list(sizes)} in {list(spatial)}, "
            f"got {list(found)}"
        )
    return (out,)
