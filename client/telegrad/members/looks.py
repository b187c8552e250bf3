"""Looking at a tensor: printing, numbers, NumPy. Each look costs at most one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.making.creation import array_from
from telegrad.making.promotion import get_default_dtype
from telegrad.members import display
from telegrad.sharing.aliasing import detach, grad_mode
from telegrad.tensor import Tensor, make
from telegrad.wire.convert import NDArray
from telegrad.wire.values import Value
from telegrad_proto.errors import ArgumentError, GradientError, ShapeError


def item(self: Tensor) -> Any:
    """The one element as a Python number.

    Raises:
        ShapeError: there is not exactly one.
    """
    if self._value.spec.size != 1:
        raise ShapeError(f"a Tensor with {self._value.spec.size} elements cannot be converted to Scalar")
    return array_from(self).item()


def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return array_from(self).tolist()


def to_numpy(self: Tensor, *, force: bool = False) -> NDArray:
    """The elements as a NumPy array. Unlike torch's it is read-only: the memory that computes is elsewhere.

    Raises:
        GradientError: the tensor requires a gradient, which NumPy would lose; `detach()` it first.
    """
    if self.requires_grad and not force:
        raise GradientError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return array_from(self)


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> NDArray:
    array = to_numpy(self)
    if dtype is not None and np.dtype(dtype) != array.dtype:
        return array.astype(dtype)
    return array.copy() if copy else array


def _array_wrap(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
    from telegrad.making.creation import from_array

    made = np.asarray(array)
    return from_array(np.array(made, dtype=np.uint8 if made.dtype == np.bool_ else made.dtype))


def truth(self: Tensor) -> bool:
    """The one element as a bool.

    Raises:
        ShapeError: there is not exactly one.
    """
    size = self._value.spec.size
    if size != 1:
        kind = "no values" if not size else "more than one value"
        raise ShapeError(f"Boolean value of Tensor with {kind} is ambiguous")
    return bool(array_from(self).item())


def _float(self: Tensor) -> float:
    return float(_number(self, "float"))


def _int(self: Tensor) -> int:
    return int(_number(self, "int"))


def _complex(self: Tensor) -> complex:
    return complex(_number(self, "complex"))


def _number(self: Tensor, kind: str) -> Any:
    if self._value.spec.size != 1:
        raise ArgumentError("only one element tensors can be converted to Python scalars")
    value = item(self)
    if isinstance(value, complex) and kind != "complex":
        if value.imag:
            raise GradientError(f"value cannot be converted to type {kind} without overflow")
        value = value.real
    return value


def _index(self: Tensor) -> int:
    if self._value.spec.size != 1 or self.dtype.kind in "fc":
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(array_from(self).item())


def _format(self: Tensor, spec: str) -> str:
    if not self._value.spec.ndim and type(self) is Tensor:
        return format(array_from(self).item(), spec)
    return object.__format__(self, spec)


def _contains(self: Tensor, element: Any) -> bool:
    from telegrad.making.promotion import is_number

    if isinstance(element, Tensor) or is_number(element):
        return bool(item((self == element).any()))
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self._value.spec.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))


def _shown(self: Tensor) -> NDArray:
    """The elements that the text of a tensor needs: of a large one only its edges are fetched."""
    value = self._refresh()
    ranges = display.summary_ranges(value.spec.shape) if value.local is None else None
    if ranges is None:
        return array_from(self)
    with grad_mode(False):
        part = make(value)
        for axis, pieces in enumerate(ranges):
            part = _edges(part, axis, pieces)
    return array_from(part)


def _edges(x: Tensor, axis: int, pieces: tuple[tuple[int, int], ...]) -> Tensor:
    shape = x._value.spec.shape
    if pieces == ((0, shape[axis]),):
        return x
    cut = []
    for start, stop in pieces:
        starts = tuple(start if i == axis else 0 for i in range(len(shape)))
        limits = tuple(stop if i == axis else dim for i, dim in enumerate(shape))
        cut.append(p.slice(x, starts=starts, limits=limits, strides=(1,) * len(shape)))
    return cut[0] if len(cut) == 1 else p.concatenate(*cut, axis=axis)


def _repr(self: Tensor) -> str:
    if self._value.__class__ is not Value:
        from telegrad.recording.batching import BatchedValue  # there is one, so it is loaded

        value = self._refresh()
        assert isinstance(value, BatchedValue), "there are no other kinds"
        return f"BatchedTensor(lvl={value.level.depth + 1}, bdim=0, value=\n{_repr(make(value.whole))}\n)"
    suffixes = []
    array = _shown(self)
    node = self.grad_fn
    if node is not None:
        suffixes.append(f"grad_fn=<{node.name()}>")
    elif self.requires_grad:
        suffixes.append("requires_grad=True")
    return display.render(
        array,
        self.dtype,
        shape=self._value.spec.shape,
        suffixes=suffixes,
        default_dtype=get_default_dtype(),
    )


def _str(self: Tensor) -> str:
    return repr(self)


def _copy(self: Tensor) -> Tensor:
    """A leaf that shares the elements."""
    made = detach(self)
    made.requires_grad = self._tracked
    return made


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    known = memo.get(id(self))
    if known is not None:
        return known  # type: ignore[no-any-return]
    if self.grad_fn is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
            "moment.  If you were "
            "attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    with grad_mode(False):
        made = make(p.identity(self)._value)
    made._tracked = self._tracked
    memo[id(self)] = made
    if self.grad is not None:
        made._extras().grad = _deepcopy(self.grad, memo)
    return made


METHODS = {
    "item": item,
    "tolist": tolist,
    "numpy": to_numpy,
    "__array__": _array,
    "__array_wrap__": _array_wrap,
    "__bool__": truth,
    "__float__": _float,
    "__int__": _int,
    "__complex__": _complex,
    "__index__": _index,
    "__format__": _format,
    "__contains__": _contains,
    "__iter__": _iter,
    "__repr__": _repr,
    "__str__": _str,
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
}

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
