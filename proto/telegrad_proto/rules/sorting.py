"""Sorting, and searching in what is sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def sort(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The specs of x sorted along `axis`, and of the positions that its elements had.

    Raises:
        DTypeError: x is complex.
        AxisError: the axis is out of range.
    """
    (x,) = specs
    require_kind(x.dtype, "biuf")
    shapes.check_axis(attrs["axis"], x.ndim)
    return x, x.with_dtype(int64)


def searchsorted(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of where each value would stand in a sorted last axis.

    Raises:
        DTypeError: complex, or two dtypes.
        ShapeError: sorted is neither 1-D nor of the values' leading dimensions.
    """
    boundaries, values = specs
    require_kind(require_equal_dtypes(boundaries, values), "biuf")
    if boundaries.ndim != 1 and (
        boundaries.ndim == 0 or boundaries.shape[:-1] != values.shape[:-1] or not values.ndim
    ):
        raise ShapeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(boundaries.shape)} and input value tensor {list(values.shape)}"
        )
    return (values.with_dtype(int64),)
