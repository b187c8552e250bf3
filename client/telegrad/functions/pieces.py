"""Functions that give a part of a tensor, or all of its parts: views, which share its memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import axis_of, widened
from telegrad.functions.shape import moved, permuted
from telegrad.making.creation import array_from
from telegrad.recording.registry import function, labelled
from telegrad.sharing import views
from telegrad.sharing.aliasing import view
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError


def part(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    """A view of x from `start` to before `stop` along an axis."""
    shape = tuple(x.shape)
    lows, highs, steps = [0] * len(shape), list(shape), [1] * len(shape)
    lows[axis], highs[axis], steps[axis] = start, stop, step
    return views.slice_(x, starts=tuple(lows), limits=tuple(highs), strides=tuple(steps))


def without(x: Tensor, axis: int) -> Tensor:
    """A view of x without an axis of one element."""
    return views.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i != axis))


@function(label="SliceBackward0")
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements from `start` along a dimension.

    Raises:
        AxisError: they do not all exist.
    """
    if isinstance(start, Tensor) and (start.ndim or start.dtype.kind not in "iu"):
        raise ShapeError("narrow(): start must be an 0-dim integral Tensor.")
    axis, first = axis_of(dim, input.ndim), int(start)
    size = input.shape[axis] if input.ndim else 0
    if not input.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ArgumentError("narrow(): length must be non-negative.")
    if not -size <= first <= size:
        raise AxisError(
            f"Dimension out of range (expected to be in range of [{-size}, {size}], but got {first})"
        )
    first = first + size if first < 0 else first
    if first + length > size:
        raise ArgumentError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return part(input, axis, first, first + length)


@function()
def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """The elements at one index along a dimension, without that dimension.

    Raises:
        AxisError: there is no such index, or no dimension.
    """
    if not input.ndim:
        raise AxisError("select() cannot be applied to a 0-dim tensor.")
    axis, place = axis_of(dim, input.ndim), int(index)
    size = input.shape[axis]
    if not -size <= place < size:
        raise AxisError(
            f"select(): index {place} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        )
    place = place + size if place < 0 else place
    return without(part(input, axis, place, place + 1), axis)


@function()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, each without it."""
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        raise AxisError("Dimension specified as 0 but tensor has no dimensions")
    return tuple(without(part(input, axis, i, i + 1), axis) for i in range(input.shape[axis]))


def _cut(x: Tensor, axis: int, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    parts, start = [], 0
    for size in sizes:
        parts.append(part(x, axis, start, start + size))
        start += size
    return tuple(parts)


def _pieces_of(total: int, size: int) -> list[int]:
    if size == 0:
        return [0]
    whole = [size] * (total // size)
    return [*whole, total % size] if total % size or not whole else whole


@function(method=True)
def split(
    input: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """The tensor in pieces of a size, or of these sizes, along a dimension.

    Raises:
        ArgumentError: the sizes do not make the dimension.
    """
    if split_size is not None:  # the method's name for it
        split_size_or_sections = split_size
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    total = input.shape[axis]
    if isinstance(split_size_or_sections, bool):
        raise TypeError("split(): argument 'split_size' must be int, not bool")
    if isinstance(split_size_or_sections, int):
        if split_size_or_sections < 0:
            raise ArgumentError(
                f"split expects split_size be non-negative, but got split_size={split_size_or_sections}"
            )
        if split_size_or_sections == 0 and total:
            raise ArgumentError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {total}"
            )
        return _cut(input, axis, _pieces_of(total, split_size_or_sections))
    sizes = [int(size) for size in split_size_or_sections]
    if sum(sizes) != total or any(size < 0 for size in sizes):
        raise ArgumentError(
            f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's size at "
            f"dimension {axis}), but got split_sizes={sizes}"
        )
    return labelled(_cut(input, axis, sizes), "SplitWithSizesBackward0")


@function(label="SplitWithSizesBackward0")
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor in pieces of these sizes along a dimension."""
    return split(input, list(split_sizes), dim)


@function(label="SplitBackward0")
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor in at most so many pieces of one size, the last one smaller.

    Raises:
        ArgumentError: fewer than one.
    """
    if chunks < 1:
        raise ArgumentError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    total = input.shape[axis]
    size = -(-total // chunks)
    return _cut(input, axis, [0] * chunks if not total else _pieces_of(total, size))


def _bounds(total: int, indices_or_sections: Any) -> list[tuple[int, int]]:
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = array_from(indices_or_sections).tolist()
    if isinstance(indices_or_sections, int):
        if indices_or_sections < 1:
            raise ArgumentError(f"number of sections must be larger than 0, got {indices_or_sections}")
        small, larger = divmod(total, indices_or_sections)
        cuts = [i * small + min(i, larger) for i in range(indices_or_sections + 1)]
        return list(itertools.pairwise(cuts))
    inner = [slice(None, i).indices(total)[1] for i in indices_or_sections]
    starts, stops = [0, *inner], [*inner, total]
    return [(start, max(start, stop)) for start, stop in zip(starts, stops, strict=True)]


@function(label="SliceBackward0")
def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """The tensor cut at these indices, or into so many pieces, along a dimension."""
    if indices_or_sections is None:
        indices_or_sections = sections if indices is None else indices
    if isinstance(indices_or_sections, bool):
        raise TypeError("tensor_split(): argument 'indices' (position 1) must be tuple of ints, not bool")
    if isinstance(indices_or_sections, Tensor) and indices_or_sections.dtype is not int64:
        raise DTypeError(
            "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
            f"{scalar_name(indices_or_sections.dtype)}"
        )
    if not input.ndim:
        raise ShapeError(
            f"tensor_split expected at least a 1-dimensional tensor, but got a tensor with {input.ndim} dims"
        )
    axis = axis_of(dim, input.ndim)
    return tuple(part(input, axis, a, b) for a, b in _bounds(input.shape[axis], indices_or_sections))


def _split_along(name: str, x: Tensor, least: int, axis: int, indices_or_sections: Any) -> tuple[Tensor, ...]:
    if x.ndim < least:
        raise ShapeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' if least > 1 else ''}, but "
            f"got a tensor with {x.ndim} dimensions!"
        )
    if isinstance(indices_or_sections, int) and (
        indices_or_sections < 1 or x.shape[axis] % indices_or_sections
    ):
        raise ShapeError(
            f"torch.{name} attempted to split along dimension {axis}, but the size of the dimension "
            f"{x.shape[axis]} is not divisible by the split_size {indices_or_sections}!"
        )
    return tensor_split(x, indices_or_sections, axis)


@function(label="SliceBackward0")
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """The tensor cut along its columns."""
    return _split_along("hsplit", input, 1, 0 if input.ndim == 1 else 1, indices_or_sections)


@function(label="SliceBackward0")
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """The tensor cut along its rows."""
    return _split_along("vsplit", input, 2, 0, indices_or_sections)


@function(label="SliceBackward0")
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """The tensor cut along its third dimension."""
    return _split_along("dsplit", input, 3, 2, indices_or_sections)


@function(method=True)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of `size` elements, `step` apart, along a dimension, as a last dimension."""
    axis = axis_of(dimension, input.ndim)
    length = input.shape[axis] if input.ndim else 1
    if size < 0:
        raise ArgumentError(f"size is {size} but must be >= 0")
    if size > length:
        raise ShapeError(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step < 1:
        raise ArgumentError(f"step is {step} but must be > 0")
    if not input.ndim:
        return views.reshape(input, shape=(1,))[:size]
    last = input.ndim - 1
    found = view(moved(input, axis, last), "windows", (size, step))
    return moved(found, last, axis)


def diagonal_of(x: Tensor, offset: int, axis1: int, axis2: int) -> Tensor:
    """A view of the diagonals of the matrices in two axes, as a last dimension.

    The elements of a diagonal are one more than a row apart, so it is a slice of the matrix laid out flat.
    """
    if axis1 == axis2:
        raise ArgumentError(f"diagonal dimensions cannot be identical {axis1}, {axis2}")
    lead = [i for i in range(x.ndim) if i not in (axis1, axis2)]
    flat = permuted(x, (*lead, axis1, axis2))
    batch, (rows, columns) = tuple(flat.shape[:-2]), tuple(flat.shape[-2:])
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    if not length:
        empty = views.reshape(flat, shape=(*batch, rows * columns))
        return part(empty, len(batch), 0, 0)
    start = offset if offset >= 0 else -offset * columns
    flat = views.reshape(flat, shape=(*batch, rows * columns))
    return part(flat, len(batch), start, start + (length - 1) * (columns + 1) + 1, columns + 1)


@function()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the matrices in two dimensions, as a last dimension."""
    return diagonal_of(input, offset, axis_of(dim1, input.ndim), axis_of(dim2, input.ndim))


@function()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    Raises:
        ShapeError: not a matrix.
    """
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return p.sum(widened(diagonal_of(input, 0, 0, 1)), axes=(0,), keepdims=False)
