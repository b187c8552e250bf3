"""Reductions over axes, and running reductions along one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.dtypes import bool_, int64
from telegrad_proto.errors import AxisError, ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def _require_nonempty(x: Spec, axes: tuple[int, ...], name: str) -> None:
    for axis in axes:
        if x.ndim and x.shape[axis] == 0:
            raise AxisError(f"{name}(): Expected reduction dim {axis} to have non-zero size.", shape=x.shape)


def reduction(
    specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str, result: str = "same", nonempty: str = ""
) -> tuple[Spec, ...]:
    """The spec of x reduced over `axes`.

    Args:
        specs: x.
        attrs: axes (increasing), keepdims.
        kinds: which kinds of dtype the operator takes.
        result: "same" or "bool".
        nonempty: torch's name of an operator that has no answer for an axis of size 0; else empty.

    Raises:
        DTypeError: x is of another kind.
        AxisError: axes out of range, twice or not increasing; an empty one where there is no identity.
    """
    (x,) = specs
    axes = attrs["axes"]
    require_kind(x.dtype, kinds)
    shapes.check_axes(axes, x.ndim)
    if nonempty:
        _require_nonempty(x, axes, nonempty)
    assert result in ("same", "bool"), result
    return (Spec(shapes.reduced(x.shape, axes, attrs["keepdims"]), bool_ if result == "bool" else x.dtype),)


def arg_reduction(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The spec of the positions of an extreme along `axis`.

    Raises:
        DTypeError: x is complex.
        AxisError: the axis is out of range, or empty.
    """
    (x,) = specs
    axis = attrs["axis"]
    require_kind(x.dtype, "biuf")
    shapes.check_axis(axis, x.ndim)
    _require_nonempty(x, (axis,), name)
    return (Spec(shapes.reduced(x.shape, (axis,), attrs["keepdims"]), int64),)


def cumulative(
    specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str, indices: bool = False
) -> tuple[Spec, ...]:
    """The spec of x reduced up to each place along `axis`, and of the positions it came from where `indices`.

    Raises:
        DTypeError: x is of another kind.
        AxisError: the axis is out of range.
    """
    (x,) = specs
    require_kind(x.dtype, kinds)
    shapes.check_axis(attrs["axis"], x.ndim)
    return (x, x.with_dtype(int64)) if indices else (x,)


def scan(specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str) -> tuple[Spec, ...]:
    """The spec of a recurrence h[i] = a[i] h[i - 1] + b[i] along `axis`: that of a and of b.

    Raises:
        DTypeError: other kinds, or two dtypes.
        ShapeError: two shapes.
        AxisError: the axis is out of range.
    """
    a, b = specs
    require_kind(require_equal_dtypes(a, b), kinds)
    if a.shape != b.shape:
        raise ShapeError(f"requires equal shapes, got {list(a.shape)} and {list(b.shape)}")
    shapes.check_axis(attrs["axis"], b.ndim)
    return (b,)
