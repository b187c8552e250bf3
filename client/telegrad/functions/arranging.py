"""Functions that put a tensor's elements elsewhere: turned, repeated, on diagonals, in triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import axis_of, expanded, index_tensor, like, positions, sizes_of
from telegrad.functions.pieces import diagonal_of
from telegrad.functions.shape import permuted
from telegrad.making.creation import array_from
from telegrad.making.promotion import constant
from telegrad.recording.registry import function, labelled
from telegrad.sharing import views
from telegrad.tensor import Tensor
from telegrad_proto import shapes
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, AxisError, ShapeError


@function()
def flip(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """The elements in the opposite order along dimensions."""
    axes = shapes.normalize_axes(sizes_of(dims, "flip", "dims", named), input.ndim)
    return p.flip(input, axes=axes if input.ndim else ())


@function(label="FlipBackward0")
def fliplr(input: Tensor) -> Tensor:
    """The columns in the opposite order.

    Raises:
        ShapeError: fewer than two dimensions.
    """
    if input.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return p.flip(input, axes=(1,))


@function(label="FlipBackward0")
def flipud(input: Tensor) -> Tensor:
    """The rows in the opposite order.

    Raises:
        ShapeError: no dimension.
    """
    if input.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return p.flip(input, axes=(0,))


@function(label="Rot90Backward0")
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """The tensor turned by k right angles in the plane of two dimensions, from the first towards the second.

    Raises:
        ArgumentError: the dimensions are not two different ones.
    """
    if len(dims) != 2:
        raise ArgumentError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = (axis_of(dim, input.ndim) for dim in dims)
    if first == second:
        raise ArgumentError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    order = list(range(input.ndim))
    order[first], order[second] = second, first
    match k % 4:
        case 1:
            return permuted(p.flip(input, axes=(second,)), order)
        case 2:
            return p.flip(input, axes=tuple(sorted((first, second))))
        case 3:
            return permuted(p.flip(input, axes=(first,)), order)
        case _:
            return p.identity(input)


def rolled(x: Tensor, shift: int, axis: int) -> Tensor:
    """x moved along an axis, what falls off coming in at the other end."""
    size = x.shape[axis]
    if not size or not shift % size:
        return x
    cut = size - shift % size
    zeros, ones, shape = [0] * x.ndim, (1,) * x.ndim, list(x.shape)
    starts, limits = list(zeros), list(shape)
    starts[axis], limits[axis] = cut, cut
    tail = p.slice(x, starts=tuple(starts), limits=tuple(shape), strides=ones)
    head = p.slice(x, starts=tuple(zeros), limits=tuple(limits), strides=ones)
    return p.concatenate(tail, head, axis=axis)


@function()
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """The elements moved along dimensions, those that fall off coming in at the other end.

    Raises:
        ArgumentError: not as many shifts as dimensions.
    """
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = () if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
    if not moves:
        raise ArgumentError("`shifts` required")
    if not axes and len(moves) == 1:
        flat = rolled(p.reshape(input, shape=(input.numel(),)), moves[0], 0)
        return p.reshape(flat, shape=tuple(input.shape))
    if len(moves) != len(axes):
        raise ArgumentError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:{len(axes)}")
    if not input.ndim:
        raise AxisError(f"Dimension specified as {axes[0]} but tensor has no dimensions")
    out = p.identity(input)
    for move, dim in zip(moves, axes, strict=True):
        out = rolled(out, move, axis_of(dim, input.ndim))
    return out


def tiled(x: Tensor, counts: Sequence[int]) -> Tensor:
    """x repeated so many times along each of as many dimensions."""
    lead = len(counts) - x.ndim
    shape = (1,) * lead + tuple(x.shape)
    if all(count == 1 for count in counts):
        return p.reshape(x, shape=shape) if lead else p.identity(x)
    split = tuple(n for dim in shape for n in (1, dim))
    wide = tuple(n for count, dim in zip(counts, shape, strict=True) for n in (count, dim))
    repeated = expanded(p.reshape(x, shape=split), wide)
    return p.reshape(repeated, shape=tuple(count * dim for count, dim in zip(counts, shape, strict=True)))


@function(method=True)
def repeat(input: Tensor, *repeats: Any, **named: Any) -> Tensor:
    """The tensor so many times along each dimension.

    Raises:
        ShapeError: fewer counts than dimensions, or a negative one.
    """
    counts = sizes_of(repeats, "repeat", "repeats", named)
    if len(counts) < input.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    return tiled(input, counts)


@function(label="RepeatBackward0")
def tile(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """The tensor so many times along its last dimensions."""
    counts = sizes_of(dims, "tile", "dims", named)
    return tiled(input, (1,) * (input.ndim - len(counts)) + counts)


@function(label="IndexSelectBackward0")
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (along `dim`, or of all in order) so many times in a row; counts in a tensor are looked
    at.

    Raises:
        ShapeError: as many counts as elements are needed, or one.
    """
    if repeats is None:
        counts = array_from(input).tolist()
        return index_tensor([i for i, n in enumerate(counts) for _ in range(n)])
    if isinstance(repeats, bool) or not isinstance(repeats, (int, Tensor)):
        raise TypeError(
            "repeat_interleave(): argument 'repeats' must be Tensor or int, not " + type(repeats).__name__
        )
    x = input if dim is not None else p.reshape(input, shape=(input.numel(),))
    axis = axis_of(0 if dim is None else dim, x.ndim)
    if not x.ndim:
        x = p.reshape(x, shape=(1,))
    size = x.shape[axis]
    counts = array_from(repeats).tolist() if isinstance(repeats, Tensor) else repeats
    counts = [counts] if isinstance(counts, int) else list(counts)
    if len(counts) == 1:
        counts = counts * size
    if len(counts) != size:
        raise ShapeError("repeats must have the same size as input along dim")
    if any(n < 0 for n in counts):
        raise ArgumentError("repeats can not be negative")
    if output_size is not None and output_size != sum(counts):
        raise ArgumentError(
            f"repeat_interleave: Invalid output_size, expected {sum(counts)} but got {output_size}"
        )
    chosen = index_tensor([i for i, n in enumerate(counts) for _ in range(n)])
    return p.index(x, chosen, axes=(axis,))


def triangle(rows: int, columns: int, diagonal: int, *, upper: bool) -> Tensor:
    """Where a matrix's elements lie on or above, or on or below, a diagonal."""
    row = p.reshape(positions(rows), shape=(rows, 1))
    edge = p.add(row, constant(diagonal, int64))
    compare = p.ge if upper else p.le
    return compare(p.reshape(positions(columns), shape=(1, columns)), edge)


def _triangular(x: Tensor, diagonal: int, *, upper: bool) -> Tensor:
    name = "triu" if upper else "tril"
    if x.ndim < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions")
    inside = triangle(x.shape[-2], x.shape[-1], diagonal, upper=upper)
    return p.where(inside, x, like(x, 0))


@function(inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above a diagonal."""
    return _triangular(input, diagonal, upper=False)


@function(inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below a diagonal."""
    return _triangular(input, diagonal, upper=True)


def embedded(x: Tensor, offset: int) -> Tensor:
    """Square matrices with the last dimension of x on a diagonal, zeros elsewhere.

    Shape: (..., n) to (..., n + |offset|, n + |offset|).
    """
    length = x.shape[-1]
    side = length + abs(offset)
    lead = tuple(x.shape[:-1])
    none = (0,) * len(lead)
    start = offset if offset >= 0 else -offset * side
    reach = (length - 1) * (side + 1) + 1 if length else 0
    if not length:
        filled = p.pad(x, low=(*none, 0), high=(*none, side * side), interior=(*none, 0), value=0)
    else:
        filled = p.pad(
            x, low=(*none, start), high=(*none, side * side - start - reach), interior=(*none, side), value=0
        )
    return p.reshape(filled, shape=(*lead, side, side))


@function()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices in two dimensions with the last dimension of the input on a diagonal.

    Raises:
        ArgumentError: the two dimensions are one.
    """
    ndim = input.ndim + 1
    first, second = axis_of(dim1, ndim), axis_of(dim2, ndim)
    if first == second:
        raise ArgumentError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    # Below the diagonal when the dimensions are exchanged is above it.
    out = embedded(input, offset)
    rest = iter(range(ndim - 2))
    places = {first: ndim - 2, second: ndim - 1}
    order = [places[i] if i in places else next(rest) for i in range(ndim)]
    return permuted(out, order)


@function(label="DiagEmbedBackward0")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix's diagonal, or the matrix of which a vector is the diagonal.

    Raises:
        ShapeError: neither a vector nor a matrix.
    """
    if input.ndim == 1:
        return embedded(input, diagonal)
    if input.ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return labelled(p.identity(diagonal_of(input, diagonal, 0, 1)), "DiagonalBackward0_copy")


@function(label="DiagEmbedBackward0")
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements on a diagonal."""
    return embedded(views.reshape(input, shape=(input.numel(),)), offset)
