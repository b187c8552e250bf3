"""Reading and writing at positions from an array; each is checked: CuPy would wrap a wrong one."""

from __future__ import annotations

from typing import Any

from telegrad_engine.kernels.scan import lift
from telegrad_proto.errors import IndexRangeError

Indices = tuple[Any, ...]


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


def _along(xp: Any, index: Any, axis: int) -> tuple[Any, ...]:
    """Indices of every dimension that put `index` at `axis` and count along the others."""
    parts = []
    for other, length in enumerate(index.shape):
        if other == axis:
            parts.append(index)
        else:
            parts.append(_counted(xp, length, 1, other, index.ndim))
    return tuple(parts)


def _counted(xp: Any, length: int, stride: int, axis: int, ndim: int) -> Any:
    """0, stride, 2 stride, ... along one of `ndim` dimensions, the others 1."""
    return (xp.arange(length) * stride).reshape((1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


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
    return flat[_along(xp, picked, axis)].reshape(index.shape)


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
    where = _along(xp, picked, axis)
    if add:
        _add(xp, target, _places(xp, target.shape, where, tuple(range(target.ndim))), given)
    else:
        target[where] = given
    return target.reshape(x.shape)


def _places(xp: Any, shape: tuple[int, ...], indices: tuple[Any, ...], axes: tuple[int, ...]) -> Any:
    """Where in the flat array the elements stand that these indices of the axes pick.

    Shape: that of the indexed array.
    """
    strides = [1] * len(shape)
    for axis in reversed(range(len(shape) - 1)):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    places = sum(index * strides[axis] for index, axis in zip(indices, axes, strict=True))
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    adjacent = axes[-1] - axes[0] + 1 == len(axes)
    before = axes[0] if adjacent else 0
    width, ndim = places.ndim, places.ndim + len(rest)
    places = places.reshape(places.shape + (1,) * (len(rest) - before))
    for order, axis in enumerate(rest):
        at = order if order < before else order + width
        places = places + _counted(xp, shape[axis], strides[axis], at, ndim)
    return places


def _add(xp: Any, target: Any, places: Any, given: Any) -> None:
    """Add to a C-ordered array at flat places, also several times at one; narrow types add up in wider ones.

    One index into a flat array is what NumPy has a fast loop for, and CuPy atomics.
    """
    given = xp.broadcast_to(given, places.shape).reshape(-1)
    if target.dtype.itemsize < 4:
        wide = target.astype("<f4" if target.dtype.kind == "f" else "<i8")
        xp.add.at(wide.reshape(-1), places.reshape(-1), given.astype(wide.dtype))
        target[...] = wide.astype(target.dtype)
    else:
        xp.add.at(target.reshape(-1), places.reshape(-1), given)


def _from_front(xp: Any, shape: tuple[int, ...], indices: Indices, axes: tuple[int, ...]) -> Indices:
    """The indices, each checked against its axis and counted from the front."""
    found = []
    for axis, index in zip(axes, indices, strict=True):
        size = shape[axis]
        _require_range(xp, index, -size, size, axis)
        found.append(xp.where(index < 0, index + size, index))
    return tuple(found)


def _keys(ndim: int, indices: Indices, axes: tuple[int, ...]) -> Indices:
    """What stands in the brackets for these indices of the axes."""
    keys: list[Any] = [slice(None)] * ndim
    for axis, index in zip(axes, indices, strict=True):
        keys[axis] = index
    return tuple(keys)


def index(xp: Any, x: Any, *indices: Any, axes: tuple[int, ...]) -> Any:
    """x read at index arrays along the axes.

    Raises:
        IndexRangeError: a position outside its axis.
    """
    indices = _from_front(xp, x.shape, indices, axes)
    if any(not i.size for i in indices):
        # What is read is empty, but an axis of size 0 takes no index at all: another stands in for it.
        stand_in = tuple(max(size, 1) if axis in axes else size for axis, size in enumerate(x.shape))
        zeros = tuple(xp.zeros(i.shape, "<i8") for i in indices)
        return xp.empty(stand_in, x.dtype)[_keys(x.ndim, zeros, axes)]
    return x[_keys(x.ndim, indices, axes)]


def index_put(xp: Any, x: Any, values: Any, *indices: Any, axes: tuple[int, ...], accumulate: bool) -> Any:
    """x with values written, or added, at index arrays along the axes.

    Raises:
        IndexRangeError: a position outside its axis.
    """
    out = xp.array(x, copy=True, order="C")
    indices = _from_front(xp, x.shape, indices, axes)
    if not out.size or any(not i.size for i in indices):
        return out
    if accumulate:
        _add(xp, out, _places(xp, x.shape, indices, axes), values)
    else:
        out[_keys(x.ndim, indices, axes)] = values
    return out
