"""Sums and products over axes, and running ones along an axis, in more precision than the elements have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

#: Rows that NumPy adds one after the other; the rounding error grows with them.
_ROWS: Final = 16


def lift(axis: int, x: Any) -> tuple[Any, int]:
    """An array without dimensions as one of a single element, and the axis to use."""
    return (x.reshape(1), 0) if x.ndim == 0 else (x, axis)


def sum_axes(xp: Any, x: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    """x summed over the axes in its own dtype; half precision sums in single.

    NumPy adds pairwise along the last axis only: along others, long ones are cut and the parts' sums added.
    """
    if not axes:
        return x
    if x.dtype.itemsize == 2 and x.dtype.kind == "f":
        return x.sum(axis=axes, keepdims=keepdims, dtype="<f4").astype(x.dtype)
    if xp is np and x.dtype.kind in "fc" and x.ndim:
        for axis in axes:
            while x.shape[axis] > 2 * _ROWS and x.strides[axis] != x.itemsize:
                x = _partial_sums(x, axis)
    return x.sum(axis=axes, keepdims=keepdims, dtype=x.dtype)  # the method: xp.sum takes three times as long


def _partial_sums(x: Any, axis: int) -> Any:
    """x with `axis` shortened to sums of some rows each."""
    length = x.shape[axis]
    parts = length // _ROWS
    lead = x.shape[:axis]
    head = x[(slice(None),) * axis + (slice(0, parts * _ROWS),)]
    sums = head.reshape(*lead, parts, _ROWS, *x.shape[axis + 1 :]).sum(axis=axis + 1)
    tail = x[(slice(None),) * axis + (slice(parts * _ROWS, length),)]
    return np.concatenate([sums, tail], axis=axis)


def prod_axes(xp: Any, x: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    """x multiplied over the axes in its own dtype; half precision multiplies in single."""
    if not axes:
        return x
    wide = "<f4" if x.dtype.itemsize == 2 and x.dtype.kind == "f" else x.dtype
    return xp.prod(x, axis=axes, keepdims=keepdims, dtype=wide).astype(x.dtype)


def _wider(dtype: Any) -> Any:
    """The dtype in which running sums of this one are kept."""
    return {"<f2": "<f4", "<f4": "<f8", "<c8": "<c16"}.get(dtype.str, dtype)


def cumsum(xp: Any, x: Any, *, axis: int, reverse: bool) -> Any:
    """The sum of all elements up to each, from the end where `reverse`."""
    flat, axis = lift(axis, x)
    if reverse:
        flat = xp.flip(flat, axis)
    out = xp.cumsum(flat, axis=axis, dtype=_wider(x.dtype)).astype(x.dtype)
    return (xp.flip(out, axis) if reverse else out).reshape(x.shape)


def cumprod(xp: Any, x: Any, *, axis: int) -> Any:
    """The product of all elements up to each."""
    flat, axis = lift(axis, x)
    return xp.cumprod(flat, axis=axis, dtype=_wider(x.dtype)).astype(x.dtype).reshape(x.shape)


def _doubling(xp: Any, parts: list[Any], axis: int, combine: Callable[..., list[Any]]) -> list[Any]:
    """Every prefix combined, in log2(length) whole-array steps.

    Source: Hillis, Steele: Data parallel algorithms (1986).
    """
    parts = [xp.moveaxis(part, axis, 0).copy() for part in parts]
    length = parts[0].shape[0]
    step = 1
    while step < length:
        joined = combine([part[:-step] for part in parts], [part[step:] for part in parts])
        parts = [xp.concatenate([part[:step], new]) for part, new in zip(parts, joined, strict=True)]
        step *= 2
    return [xp.moveaxis(part, 0, axis) for part in parts]


def linear_scan(xp: Any, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    """h with h[i] = a[i] h[i - 1] + b[i] along the axis, h[i + 1] where `reverse`; nothing is divided by."""
    shape, dtype = b.shape, b.dtype
    b, _ = lift(axis, b)
    a, axis = lift(axis, a)
    if reverse:
        a, b = xp.flip(a, axis), xp.flip(b, axis)
    _, h = _doubling(
        xp,
        [a.astype(_wider(dtype)), b.astype(_wider(dtype))],
        axis,
        lambda early, late: [late[0] * early[0], late[0] * early[1] + late[1]],
    )
    return (xp.flip(h, axis) if reverse else h).reshape(shape).astype(dtype)


def logcumsumexp(xp: Any, x: Any, *, axis: int) -> Any:
    """The logarithm of the running sum of exponentials."""
    flat, axis = lift(axis, x)
    (out,) = _doubling(
        xp, [flat.astype(_wider(x.dtype))], axis, lambda early, late: [xp.logaddexp(early[0], late[0])]
    )
    return out.reshape(x.shape).astype(x.dtype)


def running_extreme(xp: Any, x: Any, *, axis: int, largest: bool) -> tuple[Any, Any]:
    """The largest element up to each place, or the smallest, and the last place it was at; NaN beats all."""
    flat, axis = lift(axis, x)
    combine = xp.maximum if largest else xp.minimum
    (best,) = _running(xp, combine, flat, axis)
    places = xp.arange(flat.shape[axis], dtype="<i8")
    places = places.reshape(places.shape + (1,) * (flat.ndim - axis - 1))
    seen = (flat == best) | (flat != flat)
    (where,) = _running(xp, xp.maximum, xp.where(seen, places, 0), axis)
    return best.reshape(x.shape), where.reshape(x.shape)


def _running(xp: Any, combine: Any, x: Any, axis: int) -> list[Any]:
    if xp is np:
        return [combine.accumulate(x, axis=axis)]
    return _doubling(xp, [x], axis, lambda early, late: [combine(early[0], late[0])])
