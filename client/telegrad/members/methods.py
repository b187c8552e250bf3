"""Tensor's methods that are no functions of torch: conversions, writing whole tensors, autograd."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.autograd.graph import Node, titled
from telegrad.autograd.hooks import Handle
from telegrad.autograd.passes import backward
from telegrad.functions.operands import sizes_of
from telegrad.making.creation import dtype_of, filled, from_array, made_like, shape_of, tensor, wanted_dtype
from telegrad.making.promotion import Number, cast, constant, is_number, number
from telegrad.sharing import aliasing, views, writing
from telegrad.sharing import strides as places
from telegrad.tensor import Tensor
from telegrad.types import check_device, device, memory_format
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, GradientError, ShapeError


def to(self: Tensor, *where: Any, **named: Any) -> Tensor:
    """The tensor in another type: itself where nothing changes and no copy is asked for.

    Takes what torch takes: a dtype, a device (`cpu`), both, or another tensor whose type is meant.
    """
    wanted = named.pop("dtype", None)
    check_device(named.pop("device", None))
    copy = bool(named.pop("copy", False))
    for place, argument in enumerate(where):
        if isinstance(argument, Tensor):
            wanted = argument.dtype
        elif isinstance(argument, (str, device)):
            if place:
                raise TypeError(
                    "to() received an invalid combination of arguments: requires a bool in place "
                    f"{place + 1}, got {type(argument).__name__}"
                )
            check_device(argument)
        elif argument is None or isinstance(argument, (memory_format, bool)):
            continue
        else:
            wanted = dtype_of(argument)
    target = self.dtype if wanted is None else dtype_of(wanted)
    if target is self.dtype:
        return p.identity(self) if copy else self
    return _converted(self, target)


def _converted(self: Tensor, dtype: DType) -> Tensor:
    result = cast(self, dtype)
    return self if result is self else titled(result, "ToCopyBackward0")


def _conversion(dtype: DType) -> Any:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return _converted(self, dtype)

    convert.__doc__ = f"The tensor as {dtype.name}."
    return convert


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """Itself: all tensors are there, from the program's point of view."""
    return self


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """Not to be had: the server chooses its device.

    Raises:
        GraphError: always.
    """
    check_device("cuda")
    return self


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the type of another."""
    if not isinstance(other, Tensor):
        raise TypeError(
            f"type_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}"
        )
    return _converted(self, other.dtype)


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor, or a copy of a view whose elements torch would have to move."""
    return self if places.is_contiguous(self) else p.identity(self)


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether torch's tensor of the same making would lie in memory without gaps."""
    return places.is_contiguous(self)


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How far apart, in elements, neighbours along each dimension would lie in torch."""
    strides = places.layout_of(self)[1]
    if isinstance(dim, bool):
        raise TypeError("stride(): argument 'dim' (position 1) must be int, not bool")
    return strides if dim is None else strides[self._axis(dim)]


def storage_offset(self: Tensor) -> int:
    """Where in its storage the tensor would begin in torch."""
    return places.layout_of(self)[2]


def is_set_to(self: Tensor, other: Tensor) -> bool:
    """Whether both are the same part of the same storage."""
    return places.same_places(self, other)


def detach(self: Tensor) -> Tensor:
    """The same elements, without the graph; a write through one is seen in the other."""
    return aliasing.detach(self)


def detach_(self: Tensor) -> Tensor:
    """Itself, cut off its graph.

    Raises:
        GradientError: it is a view; `detach()` gives a tensor of its own.
    """
    if self._base is not None:
        raise GradientError("Can't detach views in-place. Use detach() instead.")
    self._refresh()
    self._edge, self._tracked = None, False
    return self


def _data(self: Tensor) -> Tensor:
    return aliasing.detach(self, count_writes=False)


def _set_data(self: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    writing.become(self, value)


def zero_(self: Tensor) -> Tensor:
    """Itself, all zeros."""
    return _filled(self, 0, "ZeroBackward0")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Itself, this number everywhere.

    Raises:
        ShapeError: the value is a tensor with dimensions.
    """
    writing.check_writable(self)
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions."
            )
        return writing.write_copy(self, value)
    if not is_number(value):
        raise TypeError(f"fill_(): argument 'value' (position 1) must be Number, not {type(value).__name__}")
    return _filled(self, number(value), "FillBackward0")


def fill_diagonal_(self: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """Itself, this number where all indices are equal; with `wrap` a tall matrix has diagonals below, too.

    Raises:
        ArgumentError: fewer than two dimensions, or more and of different lengths.
    """
    shape = self._value.spec.shape
    if len(shape) < 2:
        raise ArgumentError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ArgumentError("all dimensions of input must be of equal length")
    writing.check_writable(self)
    step = sum(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    end = math.prod(shape) if wrap and len(shape) == 2 else min(shape) * step
    diagonal = from_array(np.arange(0, min(end, math.prod(shape)), step))
    _filled(views.pick(self, diagonal, shape=diagonal.shape), number(fill_value), "FillDiagonalBackward0")
    return self


def _filled(self: Tensor, value: Number, label: str) -> Tensor:
    spec = self._value.spec
    filled_ = p.broadcast_to(constant(value, spec.dtype), shape=spec.shape)
    return writing.write(self, filled_, label, overlap=True)


def copy_(self: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """Itself, the elements of another tensor, stretched and converted as needed."""
    if not isinstance(other, Tensor) and not is_number(other):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    source = other if isinstance(other, Tensor) else tensor(other)
    return writing.write_copy(self, source)


def set_(self: Tensor, source: Tensor) -> Tensor:
    """Itself, of another's elements and shape."""
    writing.become(self, source)
    return self


def _backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Adds to the `grad` of leaves the gradient of this tensor: one message, and no wait. See
    `autograd.backward`.
    """
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def retain_grad(self: Tensor) -> None:
    """Keeps the gradient of a computed tensor in its `grad`, as leaves do.

    Raises:
        GradientError: it requires no gradient.
    """
    from weakref import ref

    if not self.requires_grad:
        raise GradientError("can't retain_grad on Tensor that has requires_grad=False")
    if self._edge is None or self._extras().retains:
        return
    node, index = self._edge
    assert isinstance(node, Node), "a computed tensor was made by a node"
    self._extras().retains = True
    extra = node.extras()
    extra.retained[index] = ref(self)
    extra.values[index] = self._value


def _retains_grad(self: Tensor) -> bool:
    return self._extra is not None and self._extra.retains


def register_hook(self: Tensor, hook: Any) -> Handle:
    """Calls a function with the gradient, whenever one is made; what it returns, if anything, takes the
    gradient's place.

    Raises:
        GradientError: the tensor requires no gradient.
    """
    if not self.requires_grad:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    if self._edge is None:
        return Handle(self._extras().hooks, hook)
    node, index = self._edge
    assert isinstance(node, Node), "a computed tensor was made by a node"
    extra = node.extras()
    extra.values[index] = self._value
    return Handle(extra.hooks.setdefault(index, {}), hook)


def register_post_accumulate_grad_hook(self: Tensor, hook: Any) -> Handle:
    """Calls a function with the leaf, whenever its `grad` has been added to.

    Raises:
        GradientError: the tensor is no leaf, or requires no gradient.
    """
    if not self.requires_grad:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    if self._edge is not None:
        raise GradientError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return Handle(self._extras().after, hook)


def _new(fill: Any) -> Any:
    def make_new(
        self: Tensor,
        *size: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
        **named: Any,
    ) -> Tensor:
        check_device(device)
        sizes = size or (sizes_of((), "new", "size", named),)
        made = filled(shape_of(sizes, "new"), fill, wanted_dtype(dtype, self.dtype), requires_grad)
        return made_like(self, made)

    make_new.__doc__ = "A tensor of this shape and, by default, this tensor's type."
    return make_new


def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a shape, one number everywhere and, by default, this tensor's type."""
    check_device(device)
    if isinstance(size, int):
        raise TypeError("new_full(): argument 'size' (position 1) must be tuple of ints, not int")
    kind = wanted_dtype(dtype, self.dtype)
    return made_like(self, filled(shape_of((size,), "new_full"), number(fill_value), kind, requires_grad))


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this data and, by default, this tensor's type."""
    return tensor(data, dtype=wanted_dtype(dtype, self.dtype), device=device, requires_grad=requires_grad)


def new(self: Tensor, *data: Any) -> Tensor:
    """A tensor of this tensor's type, from data or of a shape."""
    from telegrad.making.constructors import construct_as  # needs the factories

    return construct_as(self.dtype, data)


def _transposed(self: Tensor) -> Tensor:
    return titled(views.transpose(self, perm=tuple(reversed(range(self.ndim)))), "PermuteBackward0")


def _matrix_transposed(self: Tensor) -> Tensor:
    if self.ndim < 2:
        raise ShapeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
        )
    axes = list(range(self.ndim))
    axes[-2], axes[-1] = axes[-1], axes[-2]
    return views.transpose(self, perm=tuple(axes))


def _imag(self: Tensor) -> Tensor:
    if self.dtype.kind != "c":
        raise GradientError("imag is not implemented for tensors with non-complex dtypes.")
    return views.imag(self)


def _real(self: Tensor) -> Tensor:
    return views.real(self) if self.dtype.kind == "c" else self


def _conjugate_transposed(self: Tensor) -> Tensor:
    if self.ndim not in (0, 2):
        raise ShapeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor.")
    turned = _transposed(self)
    return aliasing.view(turned, "conj", None) if self.dtype.kind == "c" else turned


def _conjugate_matrix(self: Tensor) -> Tensor:
    turned = _matrix_transposed(self)
    return aliasing.view(turned, "conj", None) if self.dtype.kind == "c" else turned


METHODS = {
    "to": to, "cpu": cpu, "cuda": cuda, "type_as": type_as, "contiguous": contiguous, "is_contiguous":
    is_contiguous,     "stride": stride, "storage_offset": storage_offset, "is_set_to": is_set_to, "detach":
    detach, "detach_": detach_,     "zero_": zero_, "fill_": fill_, "copy_": copy_, "set_": set_,
    "fill_diagonal_": fill_diagonal_,
    "backward": _backward, "retain_grad": retain_grad,     "register_hook": register_hook,
    "register_post_accumulate_grad_hook": register_post_accumulate_grad_hook,     "new_zeros": _new(0),
    "new_ones": _new(1), "new_empty": _new(0), "new_full": new_full, "new_tensor": new_tensor, "new": new,
    "float": _conversion(dtypes.float32), "double": _conversion(dtypes.float64), "half":
    _conversion(dtypes.float16),     "long": _conversion(dtypes.int64), "int": _conversion(dtypes.int32),
    "short": _conversion(dtypes.int16),     "char": _conversion(dtypes.int8), "byte":
    _conversion(dtypes.uint8), "bool": _conversion(dtypes.bool_),     "cfloat":
    _conversion(dtypes.complex64), "cdouble": _conversion(dtypes.complex128),
}  # fmt: skip

PROPERTIES = {
    "data": property(_data, _set_data),
    "T": property(_transposed),
    "mT": property(_matrix_transposed),
    "H": property(_conjugate_transposed),
    "mH": property(_conjugate_matrix),
    "real": property(_real),
    "imag": property(_imag),
    "retains_grad": property(_retains_grad),
    "is_cuda": property(lambda self: False),
    "is_cpu": property(lambda self: True),
    "is_sparse": property(lambda self: False),
    "is_quantized": property(lambda self: False),
    "is_meta": property(lambda self: False),
}

for _name, _method in {**METHODS, **PROPERTIES}.items():
    setattr(Tensor, _name, _method)
