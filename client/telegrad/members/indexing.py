"""Reading and writing through `x[...]`: torch's basic and advanced indexing.

Integers, those in tensors without dimensions too, slices, None and Ellipsis make views. Other tensors, lists
and arrays of integers gather; masks are turned into positions, for which their values must be known: one
message, unless a single number is written where a mask is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.autograd.graph import titled
from telegrad.making.creation import from_array
from telegrad.making.promotion import cast, constant, get_default_dtype, is_number, number
from telegrad.sharing.aliasing import view
from telegrad.sharing.steps import Step
from telegrad.sharing.writing import check_places, check_writable, write_through
from telegrad.tensor import Tensor, scalar_name
from telegrad.wire.convert import array_of_data
from telegrad_proto import shapes
from telegrad_proto.dtypes import bool_, int64, uint8
from telegrad_proto.errors import ArgumentError, AxisError, ShapeError

_INVALID = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
    "(got {})"
)


@dataclass(slots=True)
class _Plan:
    """What an index does: first a slice, then a reshape, then perhaps a choice by numbers in tensors along
    some axes, then perhaps a gather along some of those left.
    """

    starts: list[int] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    strides: list[int] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)
    wide: tuple[int, ...] = ()
    numbers: list[Tensor] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    axes: list[int] = field(default_factory=list)
    indices: list[Any] = field(default_factory=list)
    flipped: list[int] = field(default_factory=list)
    sliced: bool = False
    reshaped: bool = False


def _items(key: Any) -> list[Any]:
    if isinstance(key, tuple):
        return list(key)
    if isinstance(key, list):
        # An old habit that torch kept: a short list with something else than numbers in it is a tuple.
        if len(key) <= 32 and any(
            isinstance(k, (slice, Tensor, list, tuple)) or k is None or k is Ellipsis for k in key
        ):
            return list(key)
    return [key]


def _consumed(item: Any) -> int:
    """How many dimensions an item takes."""
    if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
        return 0
    if isinstance(item, Tensor) and item.dtype in (bool_, uint8):
        return max(item.ndim, 0)
    return 1


def _normal(item: Any) -> Any:
    """An item as an int, a slice, None, Ellipsis, a bool or a tensor.

    Raises:
        AxisError: it is no index.
    """
    if item is None or item is Ellipsis or isinstance(item, (slice, bool, int)):
        return item
    if isinstance(item, Tensor):
        if item.dtype.kind in "fc":
            raise AxisError("tensors used as indices must be long, int, byte or bool tensors")
        return item
    if isinstance(item, np.bool_):
        return bool(item)
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, (list, tuple, range, np.ndarray)):
        array = array_of_data(
            list(item) if isinstance(item, range) else item, None, default=get_default_dtype()
        )
        if array.dtype.kind == "f" and array.size:
            raise AxisError("tensors used as indices must be long, int, byte or bool tensors")
        return from_array(array if array.size else array.astype(np.int64))
    if hasattr(item, "__index__"):
        return item.__index__()
    if isinstance(item, str):
        raise TypeError("new(): invalid data type 'str'")
    raise AxisError(_INVALID.format(type(item).__name__))


def _plan(x: Tensor, key: Any) -> _Plan:
    items = [_normal(item) for item in _items(key)]
    shape = x._value.spec.shape
    consumed = sum(_consumed(item) for item in items)
    if consumed > len(shape):
        if not shape:
            raise AxisError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
                "to convert a 0-dim "
                "tensor to a number"
            )
        raise AxisError(f"too many indices for tensor of dimension {len(shape)}")
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    plan = _Plan()
    axis = 0
    rest = len(shape) - consumed
    seen = False
    for item in items:
        if item is Ellipsis:
            for dim in shape[axis : axis + (0 if seen else rest)]:
                _keep(plan, 0, dim, 1, dim)
            axis += 0 if seen else rest
            seen = True
        elif item is None:
            plan.shape.append(1)
            plan.reshaped = True
        elif isinstance(item, bool):
            plan.axes.append(len(plan.shape))
            plan.indices.append(from_array(np.zeros(int(item), np.int64)))
            plan.shape.append(1)
            plan.reshaped = True
        elif isinstance(item, int):
            _select(plan, item, shape[axis], axis)
            axis += 1
        elif isinstance(item, slice):
            _range(plan, item, shape[axis])
            axis += 1
        else:
            axis = _gathered(plan, item, shape, axis)
    plan.wide = tuple(plan.shape)
    if plan.chosen:
        plan.shape = [dim for at, dim in enumerate(plan.wide) if at not in plan.chosen]
        plan.axes = [at - sum(other < at for other in plan.chosen) for at in plan.axes]
    return plan


def _keep(plan: _Plan, start: int, limit: int, stride: int, dim: int) -> None:
    plan.starts.append(start)
    plan.limits.append(limit)
    plan.strides.append(stride)
    length = max(0, -(-(limit - start) // stride))
    plan.shape.append(length)
    plan.sliced = plan.sliced or length != dim


def _select(plan: _Plan, index: int, dim: int, axis: int) -> None:
    if not -dim <= index < dim:
        raise AxisError(f"index {index} is out of bounds for dimension {axis} with size {dim}")
    at = index % dim
    plan.starts.append(at)
    plan.limits.append(at + 1)
    plan.strides.append(1)
    plan.sliced = plan.sliced or dim != 1
    plan.reshaped = True


def _bound(value: Any) -> int | None:
    if isinstance(value, Tensor):
        return int(value)
    return value  # type: ignore[no-any-return]


def _range(plan: _Plan, item: slice, dim: int) -> None:
    start, stop, step = _bound(item.start), _bound(item.stop), _bound(item.step)
    for bound in (start, stop, step):
        if bound is not None and not hasattr(bound, "__index__"):
            raise TypeError("slice indices must be integers or None or have an __index__ method")
    if step is not None and step <= 0:
        raise ArgumentError("step must be greater than zero")
    first, last, stride = slice(start, stop, step).indices(dim)
    _keep(plan, first, max(first, last), stride, dim)


def _gathered(plan: _Plan, item: Tensor, shape: tuple[int, ...], axis: int) -> int:
    if item.dtype not in (bool_, uint8) and not item.ndim:
        plan.chosen.append(len(plan.shape))
        plan.numbers.append(_number(item, shape[axis], axis))
        _keep(plan, 0, shape[axis], 1, shape[axis])
        return axis + 1
    if item.dtype not in (bool_, uint8):
        plan.axes.append(len(plan.shape))
        plan.indices.append(cast(item, int64))
        _keep(plan, 0, shape[axis], 1, shape[axis])
        return axis + 1
    for i, (mask_dim, dim) in enumerate(zip(item.shape, shape[axis:], strict=False)):
        if mask_dim != dim:
            raise AxisError(
                f"The shape of the mask {list(item.shape)} at index {i} does not match the shape of the "
                "indexed tensor "
                f"{list(shape)} at index {axis + i}"
            )
    if not item.ndim:
        plan.axes.append(len(plan.shape))
        plan.indices.append(item)
        plan.shape.append(1)
        plan.reshaped = True
        return axis
    for i in range(item.ndim):
        plan.axes.append(len(plan.shape))
        # The mask itself stands for all its positions until they are needed.
        plan.indices.append(item if i == 0 else None)
        _keep(plan, 0, shape[axis + i], 1, shape[axis + i])
    return axis + item.ndim


def _number(item: Tensor, dim: int, axis: int) -> Tensor:
    """The number in a tensor as it is now, whatever is written there later."""
    item._refresh()
    _check_known(item, dim, axis)
    number = cast(item, int64)
    return p.identity(number) if number is item else number


def _steps(plan: _Plan) -> tuple[Step, ...]:
    steps: list[Step] = []
    if plan.sliced:
        steps.append(("slice", (tuple(plan.starts), tuple(plan.limits), tuple(plan.strides))))
    if plan.reshaped:
        steps.append(("reshape", plan.wide))
    if plan.chosen:
        steps.append(("at", (tuple(plan.numbers), tuple(plan.chosen))))
    return tuple(steps)


def _positions(plan: _Plan) -> list[Tensor]:
    """The indices with masks resolved to positions."""
    found: list[Tensor] = []
    for index in plan.indices:
        if index is None:
            continue
        if index.dtype in (bool_, uint8):
            value = index._refresh()
            array = value.local if value.local is not None else value.recorder.session.fetch([value])[0]
            if not array.ndim:
                found.append(from_array(np.zeros(int(bool(array)), np.int64)))
            else:
                found.extend(from_array(positions.astype(np.int64)) for positions in np.nonzero(array))
        else:
            found.append(index)
    for axis, index in zip(plan.axes, found, strict=True):
        _check_known(index, plan.shape[axis], axis)
    return found


def _check_known(index: Tensor, dim: int, axis: int) -> None:
    """Positions that are known here are checked here, on the user's own line."""
    array = index._value.local
    if array is None or not array.size:
        return
    low, high = int(array.min()), int(array.max())
    if low < -dim or high >= dim:
        raise AxisError(
            f"index {low if low < -dim else high} is out of bounds for dimension {axis} with size {dim}"
        )


def getitem(self: Tensor, key: Any) -> Tensor:
    """The elements that an index names: a view for single integers and slices, else a copy."""
    plan = _plan(self, key)
    steps = _steps(plan)
    x = self
    for kind, attrs in steps:
        x = view(x, kind, attrs)
    if not steps and not plan.axes:
        x = view(x, "reshape", tuple(plan.shape))
    elif steps and not plan.axes and (plan.reshaped or plan.chosen):
        label = "SelectBackward0" if len(plan.shape) < len(plan.starts) else "UnsqueezeBackward0"
        titled(x, label, source=self if len(steps) > 1 else None)
    if plan.axes:
        x = titled(p.index(x, *_positions(plan), axes=tuple(plan.axes)), "IndexBackward0")
    elif not plan.reshaped and not plan.chosen:
        titled(x, "SliceBackward0" if plan.sliced else "AliasBackward0")
    return x


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """Writes into the elements that an index names; views see it."""
    if key is False:
        return  # names nothing, and PyTorch does not ask what would have been written
    plan = _plan(self, key)
    check_writable(self, part=not plan.axes)
    dtype = self.dtype
    source = _source(value, self)
    if not plan.axes:
        shape = tuple(plan.shape)
        source = _without_leading_ones(source, len(shape))
        if source._value.spec.shape != shape:
            shapes.check_expand(source._value.spec.shape, shape)
            source = p.broadcast_to(source, shape=shape)
        steps = _steps(plan)
        check_places(self, steps)
        write_through(self, steps or (("reshape", shape),), cast(source, dtype))
        return
    if source.dtype is not dtype:
        if source._value.spec.size != 1:
            raise ArgumentError(
                f"Index put requires the source and destination dtypes match, got {scalar_name(dtype)} for "
                "the destination and "
                f"{scalar_name(source.dtype)} for the source."
            )
        source = cast(source, dtype)
    steps = _steps(plan)
    x = self
    for kind, attrs in steps:
        x = view(x, kind, attrs)
    mask = plan.indices[0]
    if not source.ndim and mask.dtype is bool_ and mask.ndim and all(i is None for i in plan.indices[1:]):
        # One number where a mask is true: no need to know where that is.
        lead = plan.axes[0]
        tail = len(plan.shape) - lead - mask.ndim
        wide = p.reshape(mask, shape=(*mask._value.spec.shape, *(1,) * tail)) if tail else mask
        put = p.where(wide, source, x)
    else:
        positions = _positions(plan)
        _check_values(x, source, positions, tuple(plan.axes))
        put = titled(
            p.index_put(
                x,
                _fitting(source, x, positions, tuple(plan.axes)),
                *positions,
                axes=tuple(plan.axes),
                accumulate=False,
            ),
            "IndexPutBackward0",
        )
    write_through(self, steps or (("reshape", self._value.spec.shape),), put)


def _source(value: Any, target: Tensor) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if is_number(value):
        return constant(number(value), target.dtype)
    if isinstance(value, (list, tuple, np.ndarray)):
        return from_array(array_of_data(value, target.dtype, default=get_default_dtype()))
    raise TypeError(f"can't assign a {type(value).__name__} to a torch.{_class_name(target)}")


def _class_name(tensor: Tensor) -> str:
    return str(tensor.type()).removeprefix("torch.")


def _without_leading_ones(x: Tensor, ndim: int) -> Tensor:
    shape = x._value.spec.shape
    while len(shape) > ndim and shape[0] == 1:
        shape = shape[1:]
    return x if shape == x._value.spec.shape else p.reshape(x, shape=shape)


def _result_shape(x: Tensor, positions: Sequence[Tensor], axes: tuple[int, ...]) -> tuple[int, ...]:
    shape = x._value.spec.shape
    spread = shapes.broadcast_all([t._value.spec.shape for t in positions])
    if axes == tuple(range(axes[0], axes[0] + len(axes))):
        return (*shape[: axes[0]], *spread, *shape[axes[-1] + 1 :])
    return (*spread, *(dim for axis, dim in enumerate(shape) if axis not in axes))


def _check_values(x: Tensor, source: Tensor, positions: Sequence[Tensor], axes: tuple[int, ...]) -> None:
    shape = _result_shape(x, positions, axes)
    given = source._value.spec.shape
    try:
        fits = shapes.broadcast(given, shape) == shape or all(
            dim == 1 for dim in given[: len(given) - len(shape)]
        )
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to indexing result of "
            f"shape {list(shape)}"
        )


def _fitting(source: Tensor, x: Tensor, positions: Sequence[Tensor], axes: tuple[int, ...]) -> Tensor:
    return _without_leading_ones(source, len(_result_shape(x, positions, axes)))


METHODS = {"__getitem__": getitem, "__setitem__": setitem}
for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
