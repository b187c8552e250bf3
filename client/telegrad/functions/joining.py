"""Functions that put tensors together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import axis_of, filled, index_tensor, tensors_of
from telegrad.functions.shape import atleast_1d, atleast_2d, atleast_3d
from telegrad.making.promotion import cast, result_type
from telegrad.recording.registry import function
from telegrad.sharing import views
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def joined(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """The tensors, in one type, one behind the other along an axis."""
    dtype = result_type(*tensors)
    return p.concatenate(*(cast(x, dtype) for x in tensors), axis=axis)


@function(method=False, aliases=("concat", "concatenate"))
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one behind the other along a dimension; empty vectors are skipped, as in torch.

    Raises:
        ArgumentError: there are none.
    """
    given = list(tensors)
    if not given:
        raise ArgumentError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
        if not x.ndim:
            raise ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    full = [x for x in given if tuple(x.shape) != (0,)]
    if not full:
        return p.concatenate(*given, axis=0)
    dtype = result_type(*given)
    return p.concatenate(*(cast(x, dtype) for x in full), axis=axis_of(dim, full[0].ndim))


@function(method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors along a new dimension.

    Raises:
        ShapeError: they differ in shape.
    """
    given = list(tensors)
    if not given:
        raise ArgumentError("stack expects a non-empty TensorList")
    first = tuple(given[0].shape)
    for i, x in enumerate(given):
        if tuple(x.shape) != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(x.shape)} at entry {i}"
            )
    axis = axis_of(dim, len(first) + 1)
    shape = (*first[:axis], 1, *first[axis:])
    return joined([p.reshape(x, shape=shape) for x in given], axis)


@function(label="CatBackward0", method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: along the second dimension, vectors along their only one."""
    given = list(atleast_1d(list(tensors)))
    if not given:
        raise ArgumentError("hstack expects a non-empty TensorList")
    return joined(given, 0 if given[0].ndim == 1 else 1)


@function(label="CatBackward0", method=False, aliases=("row_stack",))
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors below each other, vectors as rows."""
    given = list(atleast_2d(list(tensors)))
    if not given:
        raise ArgumentError("vstack expects a non-empty TensorList")
    return joined(given, 0)


@function(label="CatBackward0", method=False)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors behind each other along the third dimension."""
    given = list(atleast_3d(list(tensors)))
    if not given:
        raise ArgumentError("dstack expects a non-empty TensorList")
    return joined(given, 2)


@function(label="CatBackward0", method=False)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side, vectors as columns."""
    given = [views.reshape(x, shape=(x.shape[0] if x.ndim else 1, 1)) if x.ndim < 2 else x for x in tensors]
    if not given:
        raise ArgumentError("column_stack expects a non-empty TensorList")
    return joined(given, 1)


def _listed(tensors: tuple[Any, ...]) -> list[Tensor]:
    return list(tensors_of(tensors))


@function(label="ExpandBackward0", method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of the grid that vectors span: one tensor a vector.

    Raises:
        ArgumentError: `indexing` is neither "ij" nor "xy".
    """
    given = _listed(tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in given:
        if x.ndim > 1:
            raise ShapeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x!r}")
    if any(x.dtype is not given[0].dtype for x in given):
        raise DTypeError("meshgrid expects all tensors to have the same dtype")
    sizes = [x.shape[0] if x.ndim else 1 for x in given]
    places = list(range(len(given)))
    if indexing == "xy" and len(given) >= 2:
        places[0], places[1] = 1, 0
        sizes[0], sizes[1] = sizes[1], sizes[0]
    out = []
    for place, x in zip(places, given, strict=True):
        line = [1] * len(given)
        line[place] = sizes[place]
        out.append(views.broadcast_to(views.reshape(x, shape=tuple(line)), shape=tuple(sizes)))
    return tuple(out)


@function(method=False)
def block_diag(*tensors: Any) -> Tensor:
    """The tensors as blocks on the diagonal of a matrix of zeros.

    Raises:
        ShapeError: one has more than two dimensions.
    """
    given = [x if isinstance(x, Tensor) else _refused(x) for x in tensors]
    for i, x in enumerate(given):
        if x.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} "
                "dimensions"
            )
    blocks = [p.reshape(x, shape=(1, *(x.shape or (1,)))) if x.ndim < 2 else x for x in given]
    dtype = result_type(*blocks)
    width, before, rows = sum(x.shape[1] for x in blocks), 0, []
    for block in blocks:
        after = width - before - block.shape[1]
        low, high = (0, before), (0, after)
        rows.append(p.pad(cast(block, dtype), low=low, high=high, interior=(0, 0), value=0))
        before += block.shape[1]
    return p.concatenate(*rows, axis=0)


def _refused(x: object) -> Tensor:
    raise TypeError(f"block_diag(): requires Tensors, got {type(x).__name__}")


@function(label="StackBackward0", method=False)
def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of one element of each vector, a row each."""
    given = _listed(tensors)
    if len(given) == 1:
        return given[0]
    grids = meshgrid(*given)
    return stack([p.reshape(g, shape=(g.numel(),)) for g in grids], 1)


@function(label="StackBackward0")
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of r elements of a vector, a row each.

    Raises:
        ShapeError: not a vector.
    """
    if input.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return filled((0,), 0, input.dtype)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.shape[0]), r))
    flat = index_tensor([i for row in rows for i in row])
    if not rows:
        return p.reshape(p.slice(input, starts=(0,), limits=(0,), strides=(1,)), shape=(0, r))
    return p.reshape(p.index(input, flat, axes=(0,)), shape=(len(rows), r))
