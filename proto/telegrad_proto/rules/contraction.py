"""Products summed over a shared dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.errors import ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def matmul(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of matrix products.

    Shape: (..., m, k) and (..., k, n) give (..., m, n); leading dimensions broadcast.

    Raises:
        DTypeError: bool, or two dtypes.
        ShapeError: less than two dimensions, inner sizes that differ, leading ones that do not broadcast.
        LimitError: a shape past a bound.
    """
    a, b = specs
    dtype = require_equal_dtypes(a, b)
    require_kind(dtype, "iufc")
    if a.ndim < 2 or b.ndim < 2:
        raise ShapeError(f"matmul: both arguments need at least 2D, but they are {a.ndim}D and {b.ndim}D")
    lead = shapes.broadcast(a.shape[:-2], b.shape[:-2])
    (m, k), (rows, n) = a.shape[-2:], b.shape[-2:]
    if k != rows:
        if a.ndim == b.ndim == 2:
            raise ShapeError(
                f"mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {rows}x{n})", a=a.shape, b=b.shape
            )
        batch = shapes.size_of(lead)
        raise ShapeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{batch}, {k}] but got: [{batch}, {rows}].",
            a=a.shape,
            b=b.shape,
        )
    return (Spec((*lead, m, n), dtype),)
