"""Functions that read and write elements by index or by mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import (
    Operand,
    as_tensor,
    at_least_one_dim,
    axis_of,
    broadcast_together,
    expanded,
    filled,
    like,
    reshaped,
    tensor_of,
)
from telegrad.making.creation import array_from, from_array
from telegrad.making.promotion import Number, cast, constant, promote_operands
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.dtypes import bool_, int32, int64, uint8
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError


def indices_of(index: Tensor, name: str) -> Tensor:
    """The index in the type that the primitives take.

    Raises:
        DTypeError: it holds no integers.
    """
    if index.dtype is not int64 and index.dtype is not int32:
        if not index.numel() and name in ("gather", "scatter"):
            return cast(index, int64)  # torch asks only where there is an index
        got = "" if name in ("gather", "scatter") else f" but got: {scalar_name(index.dtype)}"
        raise DTypeError(f"{name}(): Expected dtype int32/int64 for index{got}")
    return cast(index, int64)


def whole_of(x: Tensor, out: Tensor) -> Tensor:
    """A result for a tensor that was given a dimension because it had none."""
    return out if x.ndim else p.reshape(out, shape=())


@function()
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Along a dimension, for each place of `index`, the element that it names."""
    axis, where_ = axis_of(dim, input.ndim), indices_of(index, "gather")
    if input.ndim and where_.ndim:
        return p.gather(input, where_, axis=axis)
    shape = tuple(where_.shape)
    return reshaped(p.gather(at_least_one_dim(input), at_least_one_dim(where_), axis=0), shape)


@function(label="GatherBackward0")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """The elements that `indices` names along a dimension, both stretched in the others; without one, of all
    in order.

    Raises:
        ShapeError: not as many dimensions.
    """
    if indices.dtype is not int64:
        raise DTypeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {scalar_name(indices.dtype)}"
        )
    found = indices
    size = input.numel() if dim is None else input.shape[axis_of(dim, input.ndim)] if input.ndim else 1
    if dim is not None:
        found = p.where(p.lt(found, constant(0, int64)), p.add(found, constant(size, int64)), found)
    if dim is None:
        flat = p.reshape(input, shape=(input.numel(),))
        return p.gather(flat, p.reshape(found, shape=(found.numel(),)), axis=0)
    if input.ndim != found.ndim:
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input.ndim} dimensions for input, and {found.ndim} dimensions for indices"
        )
    axis = axis_of(dim, input.ndim)
    rest = [tuple(n for i, n in enumerate(x.shape) if i != axis) for x in (input, found)]
    lead = shapes.broadcast(*rest)

    def stretched(x: Tensor) -> Tensor:
        return expanded(x, (*lead[:axis], x.shape[axis], *lead[axis:]))

    return p.gather(stretched(input), stretched(found), axis=axis)


@function()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at these places of the tensor laid out flat."""
    _long(index, "take")
    flat = p.reshape(input, shape=(input.numel(),))
    return p.index(flat, indices_of(index, "take"), axes=(0,))


@function(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """The tensor with `source` written, or added, at these places of it laid out flat."""
    _long(index, "put_")
    if source.dtype is not input.dtype:
        raise DTypeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{scalar_name(input.dtype)} and source.dtype = {scalar_name(source.dtype)}"
        )
    where_ = indices_of(index, "put")
    if where_.numel() != source.numel():
        raise AxisError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() "
            f"= {source.numel()}, index.numel() = {where_.numel()}"
        )
    flat = p.reshape(input, shape=(input.numel(),))
    places, values = (p.reshape(x, shape=(x.numel(),)) for x in (where_, source))
    out = p.index_put(flat, values, places, axes=(0,), accumulate=accumulate)
    return p.reshape(out, shape=tuple(input.shape))


def _long(index: Tensor, name: str) -> None:
    if index.dtype is not int64:
        raise DTypeError(f"{name}(): Expected a long tensor for index, but got {scalar_name(index.dtype)}")


def one_index(index: Tensor, name: str) -> Tensor:
    found = indices_of(index, name)
    if found.ndim > 1:
        raise AxisError(f"{name}(): Index is supposed to be a vector")
    return at_least_one_dim(found)


def from_zero(index: Tensor, size: int) -> Tensor:
    """The vector of indices itself; computing it fails where one is negative, as well as past the end."""
    return p.gather(p.iota(size=size, dtype=int64), index, axis=0)


@function()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along a dimension that a vector of indices names."""
    axis = axis_of(dim, input.ndim)
    found = one_index(index, "index_select")
    wide = at_least_one_dim(input)
    return whole_of(input, p.index(wide, from_zero(found, wide.shape[axis]), axes=(axis,)))


def _written(x: Tensor, dim: int, index: Tensor, source: Tensor, name: str, *, add: bool) -> Tensor:
    axis, found = axis_of(dim, x.ndim), one_index(index, name)
    wide = at_least_one_dim(x)
    # torch lets index_copy alone take a number for a vector of one element.
    values = at_least_one_dim(source) if name == "index_copy" or x.ndim == source.ndim else source
    target = (*wide.shape[:axis], found.shape[0], *wide.shape[axis + 1 :])
    if tuple(values.shape) != target:
        others = [n for i, n in enumerate(values.shape) if i != axis] == [*target[:axis], *target[axis + 1 :]]
        raise (AxisError if name == "index_copy" and others else ShapeError)(
            f"{name}(): source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(x.shape)} source.shape = {list(source.shape)}"
        )
    places = from_zero(found, wide.shape[axis])
    return whole_of(x, p.index_put(wide, values, places, axes=(axis,), accumulate=add))


@function(inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """The tensor with alpha times slices of `source` added at indices along a dimension."""
    if source.dtype is not input.dtype:
        raise DTypeError("index_add_(): self and source must have the same scalar type")
    scaled = source if alpha == 1 else p.mul(source, like(source, alpha))
    return _written(input, dim, index, scaled, "index_add", add=True)


@function(inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """The tensor with slices of `source` written at indices along a dimension."""
    if index.dtype is not int64:
        raise DTypeError(
            f"index_copy_(): Expected a long tensor for index, but got {scalar_name(index.dtype)}"
        )
    if source.dtype is not input.dtype:
        raise DTypeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{scalar_name(input.dtype)} and (source) {scalar_name(source.dtype)}"
        )
    return _written(input, dim, index, source, "index_copy", add=False)


@function(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Operand) -> Tensor:
    """The tensor with one value written at indices along a dimension.

    Raises:
        AxisError: the index is not of int64.
        ShapeError: the value is a tensor with dimensions.
    """
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim:
        raise ShapeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} "
            "dimension(s)."
        )
    if index.dtype is not int64:
        raise AxisError("index_fill_(): Expected dtype int64 for index.")
    source = tensor_of(value, input.dtype)
    axis, found = axis_of(dim, input.ndim), one_index(index, "index_fill")
    wide = at_least_one_dim(input)
    # By a mask, so that an index that stands twice counts once in the value's gradient.
    size = wide.shape[axis]
    blank, marks = filled((size,), False, bool_), filled(tuple(found.shape), True, bool_)
    touched = p.index_put(blank, marks, found, axes=(0,), accumulate=False)
    line = tuple(size if i == axis else 1 for i in range(wide.ndim))
    out = whole_of(input, p.where(p.reshape(touched, shape=line), source, wide))
    return labelled(out, "IndexFillBackward1") if isinstance(value, Tensor) else out


#: What one of torch's messages calls element types.
_C_NAMES = {
    "int64": "long int",
    "int32": "int",
    "uint8": "unsigned char",
    "float32": "float",
    "float64": "double",
}


@function(inplace=True)
def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """The tensor with one value where the mask holds.

    Raises:
        DTypeError: the mask is not bool.
        ShapeError: the value is a tensor with dimensions.
    """
    if mask.dtype is not bool_:
        kind = _C_NAMES.get(mask.dtype.name, mask.dtype.name)
        raise DTypeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {kind}")
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} "
            "dimension(s)."
        )
    if isinstance(value, Tensor) and value.dtype.kind == "c" != input.dtype.kind:
        raise DTypeError(f"value cannot be converted to type {input.dtype.name} without overflow")
    out = p.where(mask, tensor_of(value, input.dtype), input)
    return labelled(out, "MaskedFillBackward1") if isinstance(value, Tensor) else out


@function(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The tensor with the elements of `source`, in order, where the mask holds."""
    x, where_ = broadcast_together(input, mask)
    flat = p.reshape(cast(where_, int64), shape=(where_.numel(),))
    if not x.numel() or not source.numel():
        return p.identity(x)
    nth = p.sub(p.cumsum(flat, axis=0, reverse=False), constant(1, int64))
    last = constant(source.numel() - 1, int64)
    nth = p.minimum(p.maximum(nth, constant(0, int64)), last)
    values = p.index(p.reshape(source, shape=(source.numel(),)), nth, axes=(0,))
    return p.where(where_, p.reshape(values, shape=tuple(x.shape)), x)


@function()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in order; the mask is looked at, since it decides the shape."""
    if mask.dtype is not bool_ and mask.dtype is not uint8:
        raise DTypeError(f"masked_select: expected BoolTensor for mask, got {scalar_name(mask.dtype)}Tensor")
    x, where_ = broadcast_together(input, mask)
    places = np.flatnonzero(array_from(where_))
    return p.index(p.reshape(x, shape=(x.numel(),)), from_array(places), axes=(0,))


@function(label=None)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero, a row each; the tensor is looked at."""
    found = np.nonzero(np.atleast_1d(array_from(input)))
    if as_tuple:
        return tuple(from_array(np.ascontiguousarray(axis)) for axis in found)
    table = np.stack(found, axis=1) if input.ndim else np.zeros((len(found[0]), 0), np.int64)
    return from_array(np.ascontiguousarray(table))


@function(label=None)
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, a row each; the tensor is looked at."""
    return nonzero(input)  # type: ignore[no-any-return]


@function(method=False)
def where(condition: Tensor, input: Operand | None = None, other: Operand | None = None) -> Any:
    """`input` where the condition holds, else `other`; without both, the indices where it holds.

    The condition may stand second, as in the method and in PyTorch's own samples, where the first is none.

    Raises:
        DTypeError: the condition is not bool.
    """
    if input is None or other is None:
        return nonzero(condition, as_tuple=True)
    if condition.dtype.kind in "fc" and isinstance(input, Tensor) and input.dtype is bool_:
        condition, input = input, condition
    if condition.dtype is not bool_ and condition.dtype is not uint8:
        raise DTypeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{scalar_name(condition.dtype)}"
        )
    condition = cast(condition, bool_)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        input = as_tensor(input)
    return p.where(condition, *promote_operands(input, other))


def _where(self: Tensor, condition: Any, other: Operand) -> Any:
    """The tensor's elements where the condition holds, else `other`."""
    return where(condition, self, other)


setattr(Tensor, "where", _where)  # noqa: B010  # a type checker believes declared.pyi


@function(label=None, method=False)
def searchsorted(
    sorted_sequence: Tensor,
    input: Operand,
    *,
    right: bool = False,
    side: str | None = None,
    out_int32: bool = False,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each value would stand in a sorted last dimension, or in one that `sorter` names in order.

    Raises:
        ArgumentError: `side` and `right` contradict each other, or there is no such side.
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ArgumentError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right "
            "was True"
        )
    values = as_tensor(input)
    if sorter is not None:
        if tuple(sorter.shape) != tuple(sorted_sequence.shape):
            raise ShapeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(sorted_sequence.shape)} and got sorter tensor {list(sorter.shape)}"
            )
        if sorter.dtype is not int64:
            raise DTypeError(
                "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype "
                f"{scalar_name(sorter.dtype)}"
            )
        sorted_sequence = p.gather(sorted_sequence, sorter, axis=sorted_sequence.ndim - 1)
    edges, points = promote_operands(sorted_sequence, values)
    found = p.searchsorted(
        edges, points if points.ndim else p.reshape(points, shape=(1,)), right=right or side == "right"
    )
    found = found if points.ndim else p.reshape(found, shape=())
    return cast(found, int32) if out_int32 else found


@function(label=None, method=False)
def bucketize(input: Operand, boundaries: Tensor, *, right: bool = False, out_int32: bool = False) -> Tensor:
    """The number of the interval between boundaries that each value falls into."""
    return searchsorted(boundaries, input, right=right, out_int32=out_int32)


def rows_of(table: Tensor, index: Tensor) -> Tensor:
    """The rows of a matrix that integers of any shape name."""
    return p.index(table, indices_of(index, "embedding"), axes=(0,))
