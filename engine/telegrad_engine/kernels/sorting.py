"""Stable sorting, and searching batches of sorted rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad_engine.kernels.scan import lift


def sort(xp: Any, x: Any, *, axis: int, descending: bool, stable: bool) -> tuple[Any, Any]:
    """x in order along the axis, and where its elements stood; equal ones keep theirs, NaN is largest."""
    flat, axis = lift(axis, xp.asarray(x))
    if descending:
        # The last of equal elements comes first in the mirror image, so both orders are stable.
        length = flat.shape[axis]
        order = length - 1 - xp.flip(xp.argsort(xp.flip(flat, axis), axis=axis, kind="stable"), axis)
    else:
        order = xp.argsort(flat, axis=axis, kind="stable")
    values = xp.take_along_axis(flat, order, axis)
    return values.reshape(x.shape), order.astype("<i8").reshape(x.shape)


def searchsorted(xp: Any, boundaries: Any, values: Any, *, right: bool) -> Any:
    """Where each value would stand among the boundaries of its row."""
    side = "right" if right else "left"
    if boundaries.ndim == 1:
        return xp.searchsorted(boundaries, values, side=side).astype("<i8")
    out = xp.empty(values.shape, "<i8")
    for row in np.ndindex(*boundaries.shape[:-1]):
        out[row] = xp.searchsorted(boundaries[row], values[row], side=side)
    return out
