"""What a function does to its arguments before the primitives see them: axes counted from the front, shapes
stretched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.errors import NotNumberError
from telegrad.making.creation import from_array
from telegrad.making.promotion import (
    Number,
    constant,
    dtype_of_number,
    get_default_dtype,
    number,
    result_type,
)
from telegrad.tensor import Tensor, make
from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, int64

Operand = Tensor | Number
Dims = int | Sequence[int] | None


def tensor_of(operand: Operand, dtype: DType) -> Tensor:
    """The operand as a tensor of this type."""
    if isinstance(operand, Tensor):
        return operand if operand.dtype is dtype else p.cast(operand, dtype=dtype)
    return constant(number(operand), dtype)


def as_tensor(operand: Operand) -> Tensor:
    """The operand itself, or a number in the type that it has alone."""
    if isinstance(operand, Tensor):
        return operand
    value = number(operand)
    return constant(value, dtype_of_number(value))


def lifted(first: Operand, second: Operand) -> Operand:
    """The first of two operands; as a tensor where both are numbers, which torch adds and multiplies too."""
    return first if isinstance(first, Tensor) or isinstance(second, Tensor) else as_tensor(first)


def floating_pair(a: Operand, b: Operand) -> tuple[Tensor, Tensor]:
    """Both operands in one floating or complex type."""
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise NotNumberError(a)
    dtype = result_type(a, b)
    if dtype.kind not in "fc":
        dtype = get_default_dtype()
    return tensor_of(a, dtype), tensor_of(b, dtype)


def detached(x: Tensor) -> Tensor:
    """The same value, as a number that the formula does not differentiate."""
    return make(x._refresh())


def widened(x: Tensor, dtype: DType | None = None) -> Tensor:
    """x as a sum or product takes it: in `dtype` where given, integers and bool as int64."""
    if dtype is not None:
        return tensor_of(x, dtype)
    return x if x._value.spec.dtype.is_differentiable else tensor_of(x, int64)


def cast_to(x: Tensor, dtype: DType | None) -> Tensor:
    """x in this type; x itself where there is nothing to do."""
    return x if dtype is None or x.dtype is dtype else p.cast(x, dtype=dtype)


def axis_of(dim: int, ndim: int) -> int:
    """The dimension counted from the front, with torch's error where there is none."""
    return shapes.normalize_axis(dim, ndim)


def axes_of(dim: Dims, ndim: int, *, empty_is_all: bool = True) -> tuple[int, ...]:
    """The dimensions counted from the front and sorted; all of them for None (and for an empty list, as in
    torch).
    """
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, int):
        if 0 <= dim < ndim:
            return (dim,)
        axis = shapes.normalize_axis(dim, ndim)
        return (axis,) if ndim else ()
    if not dim and empty_is_all:
        return tuple(range(ndim))
    axes = shapes.normalize_axes(tuple(dim), ndim)
    return axes if ndim else ()


def sizes_of(
    args: Sequence[Any], name: str = "", parameter: str = "size", named: dict[str, Any] | None = None
) -> tuple[int, ...]:
    """The integers of a call that takes them one by one or as one sequence, or by the parameter's name.

    Raises:
        TypeError: something else, or nothing where `named` may have it.
    """
    if named:
        if set(named) != {parameter} or args:
            other = next((key for key in named if key != parameter), parameter)
            raise TypeError(f"{name}() got an unexpected keyword argument '{other}'")
        args = (named[parameter],)
        if not isinstance(args[0], (list, tuple)):
            kind = type(args[0]).__name__
            raise TypeError(f"{name}(): argument '{parameter}' must be tuple of ints, not {kind}")
    elif named is not None and not args:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{parameter}"')
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = tuple(args[0])
    for place, size in enumerate(args):
        if type(size) is not int and (isinstance(size, bool) or not _counts(size)):
            raise TypeError(
                f"{name}(): argument '{parameter}' (position {place + 1}) must be tuple of ints, not "
                f"{type(size).__name__}"
            )
    return tuple([int(size) for size in args])


def _counts(size: object) -> bool:
    if isinstance(size, Tensor):
        return not size.ndim and size.dtype.kind in "iu"
    return isinstance(size, (int, np.integer))


def tensors_of(given: Any) -> tuple[Tensor, ...]:
    """The tensors of a call that takes them one by one or as one sequence.

    Raises:
        TypeError: one of them is none.
    """
    found = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else tuple(given)
    for place, item in enumerate(found):
        if not isinstance(item, Tensor):
            raise TypeError(
                f"expected Tensor as element {place} in argument 0, but got {type(item).__name__}"
            )
    return found


def broadcast_together(*tensors: Tensor) -> list[Tensor]:
    """The tensors, each stretched to the shape that they have together."""
    shape = shapes.broadcast_all([tuple(t.shape) for t in tensors])
    return [expanded(t, shape) for t in tensors]


def expanded(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x stretched to the shape; x itself where it has it already."""
    return x if tuple(x.shape) == shape else p.broadcast_to(x, shape=shape)


def reshaped(x: Tensor, shape: Sequence[int]) -> Tensor:
    """x in the shape, one dimension of which may be -1; x itself where it has it already."""
    target = shapes.resolve_reshape(tuple(x.shape), tuple(shape))
    return x if tuple(x.shape) == target else p.reshape(x, shape=target)


def filled(shape: Sequence[int], fill: Number, dtype: DType) -> Tensor:
    """One number in every place."""
    return p.full(shape=tuple(shape), fill=fill, dtype=dtype)


def like(x: Tensor, fill: Number) -> Tensor:
    """One number, of x's type, without dimensions: to be stretched against x."""
    return constant(fill, x.dtype)


def positions(size: int) -> Tensor:
    """0, 1, ..., size - 1 as indices."""
    return p.iota(size=size, dtype=int64)


def index_tensor(values: Sequence[int]) -> Tensor:
    """Indices known while recording."""
    return from_array(np.asarray(values, dtype=np.int64))


def at_least_one_dim(x: Tensor) -> Tensor:
    """x, or its one element as a vector: for primitives that need an axis."""
    return x if x.ndim else p.reshape(x, shape=(1,))


def count_of(shape: Sequence[int], axes: Sequence[int]) -> int:
    """How many elements each place of a reduction over the axes sees."""
    return math.prod(shape[axis] for axis in axes)
