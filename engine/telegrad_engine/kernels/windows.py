"""Sliding windows as a view, and their overlap-add."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from telegrad_proto.shapes import window_count

Ints = tuple[int, ...]


def windows(xp: Any, x: Any, *, sizes: Ints, strides: Ints, dilations: Ints) -> Any:
    """Every window over the last len(sizes) dimensions, a read-only view.

    Shape: lead + spatial gives lead + counts + sizes
    """
    lead = x.ndim - len(sizes)
    counts = tuple(map(window_count, x.shape[lead:], sizes, strides, dilations))
    shape = (*x.shape[:lead], *counts, *sizes)
    if not x.size or not all(shape):
        return xp.empty(shape, x.dtype)
    step = x.strides[lead:]
    # Where there is only one, the distance to the next does not matter; it may be beyond 64 bits.
    moved = tuple(n * s if c > 1 else 0 for n, s, c in zip(step, strides, counts, strict=True))
    apart = tuple(n * d if c > 1 else 0 for n, d, c in zip(step, dilations, sizes, strict=True))
    view = xp.lib.stride_tricks.as_strided(x, shape, (*x.strides[:lead], *moved, *apart))
    if hasattr(view.flags, "writeable") and xp.__name__ == "numpy":
        view.flags.writeable = False
    return view


def fold_windows(xp: Any, x: Any, *, spatial: Ints, strides: Ints, dilations: Ints) -> Any:
    """Windows added up where they overlap.

    The loop runs over the taps of a window or over the windows, whichever are fewer, and adds whole slices.

    Shape: lead + counts + sizes gives lead + spatial
    """
    ndim = len(spatial)
    lead = x.ndim - 2 * ndim
    counts, sizes = x.shape[lead : lead + ndim], x.shape[lead + ndim :]
    half = x.dtype.kind == "f" and x.dtype.itemsize == 2
    out = xp.zeros((*x.shape[:lead], *spatial), "<f4" if half else x.dtype)
    by_tap = prod(sizes) <= prod(counts)
    for place in product(*map(range, sizes if by_tap else counts)):
        if by_tap:
            first = tuple(p * d for p, d in zip(place, dilations, strict=True))
            run, step = counts, strides
            part = x[(..., *place)]
        else:
            first = tuple(p * s for p, s in zip(place, strides, strict=True))
            run, step = sizes, dilations
            part = x[(slice(None),) * lead + place]
        target = tuple(slice(f, f + (n - 1) * s + 1, s) for f, n, s in zip(first, run, step, strict=True))
        out[(..., *target)] += part
    return out.astype(x.dtype)
