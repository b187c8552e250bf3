"""Reading and writing at positions from an array; each is checked: CuPy would wrap a wrong one."""

from __future__ import annotations

from typing import Any

from telegrad_engine.kernels.scan import lift
from telegrad_proto.errors import IndexRangeError


def _require_range(xp: Any, index: Any, low: int, size: int, axis: int) -> None:
    if not index.size:
        return
    wrong = (index < low) | (index >= size)
    if bool(xp.any(wrong)):
        found = int(index[wrong].reshape(-1)[0]) if index.ndim else int(index)
        raise IndexRangeError(
            f"index {found} is out of bounds for dimension {axis} with size {size}",
            index=found,
            axis=axis,
            size=size,
        )


def _along(xp: Any, shape: tuple[int, ...], index: Any, axis: int) -> tuple[Any, ...]:
    """Indices of every dimension that put `index` at `axis` and count along the others."""
    parts = []
    for other in range(index.ndim):
        if other == axis:
            parts.append(index)
        else:
            ones = (1,) * other + (-1,) + (1,) * (index.ndim - other - 1)
            parts.append(xp.arange(index.shape[other]).reshape(ones))
    assert len(shape) == index.ndim
    return tuple(parts)


def gather(xp: Any, x: Any, index: Any, *, axis: int) -> Any:
    """x read along the axis.

    Raises:
        IndexRangeError: a position outside the axis.
    """
    if not index.size:
        return xp.empty(index.shape, x.dtype)
    flat, axis = lift(axis, x)
    picked, _ = lift(axis, index)
    _require_range(xp, picked, 0, flat.shape[axis], axis)
    return flat[_along(xp, flat.shape, picked, axis)].reshape(index.shape)


def scatter(xp: Any, x: Any, index: Any, src: Any, *, axis: int) -> Any:
    """x with src written along the axis; of several for one place, the last where the order is known.

    Raises:
        IndexRangeError: a position outside the axis.
    """
    return _scattered(xp, x, index, src, axis, add=False)


def scatter_add(xp: Any, x: Any, index: Any, src: Any, *, axis: int) -> Any:
    """x with src added along the axis, also several times to one place.

    Raises:
        IndexRangeError: a position outside the axis.
    """
    return _scattered(xp, x, index, src, axis, add=True)


def _scattered(xp: Any, x: Any, index: Any, src: Any, axis: int, *, add: bool) -> Any:
    out = xp.array(x, copy=True, order="C")
    if not index.size:
        return out
    target, axis = lift(axis, out)
    picked, _ = lift(axis, xp.asarray(index))
    given, _ = lift(axis, src)
    _require_range(xp, picked, 0, target.shape[axis], axis)
    given = given[tuple(slice(0, size) for size in picked.shape)]
    _write(xp, target, _along(xp, target.shape, picked, axis), given, add=add)
    return target.reshape(x.shape)


def _write(xp: Any, target: Any, where: tuple[Any, ...], given: Any, *, add: bool) -> None:
    if not add:
        target[where] = given
    elif target.dtype.kind == "b":
        # Sums of bools: a place is set where anything set comes to it.
        counts = target.astype("<i8")
        xp.add.at(counts, where, xp.asarray(given).astype("<i8"))
        target[...] = counts != 0
    else:
        xp.add.at(target, where, given)


def _keys(
    xp: Any, shape: tuple[int, ...], indices: tuple[Any, ...], axes: tuple[int, ...]
) -> tuple[Any, ...]:
    """What stands in the brackets for checked, non-negative indices of the axes."""
    keys: list[Any] = [slice(None)] * len(shape)
    for axis, index in zip(axes, indices, strict=True):
        size = shape[axis]
        _require_range(xp, index, -size, size, axis)
        keys[axis] = xp.where(index < 0, index + size, index)
    return tuple(keys)


def index(xp: Any, x: Any, *indices: Any, axes: tuple[int, ...]) -> Any:
    """x read at index arrays along the axes.

    Raises:
        IndexRangeError: a position outside its axis.
    """
    keys = _keys(xp, x.shape, indices, axes)
    if any(not i.size for i in indices):
        # What is read is empty, but an axis of size 0 takes no index at all: another stands in for it.
        keys = tuple(xp.zeros(k.shape, "<i8") if not isinstance(k, slice) else k for k in keys)
        stand_in = tuple(max(size, 1) if a in axes else size for a, size in enumerate(x.shape))
        return xp.empty(stand_in, x.dtype)[keys]
    return x[keys]


def index_put(xp: Any, x: Any, values: Any, *indices: Any, axes: tuple[int, ...], accumulate: bool) -> Any:
    """x with values written, or added, at index arrays along the axes.

    Raises:
        IndexRangeError: a position outside its axis.
    """
    out = xp.array(x, copy=True, order="C")
    keys = _keys(xp, x.shape, indices, axes)
    if out.size and all(i.size for i in indices):
        _write(xp, out, keys, values, add=accumulate)
    return out
