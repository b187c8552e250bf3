"""Tensors that a module keeps: parameters, which are trained, and buffers, which are not."""

from __future__ import annotations

from typing import Any, TypeVar

from telegrad.making.creation import empty, tensor
from telegrad.sharing import aliasing
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError

T = TypeVar("T", bound=Tensor)


class Parameter(Tensor):
    """A tensor that a module registers when it is assigned to one of its attributes.

    Args:
        data: the elements, shared with this tensor; none by default.
        requires_grad: it is trained.
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        return _sharing(cls, data, requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + Tensor.__repr__(self)

    def __copy__(self) -> Parameter:
        return _sharing(Parameter, self.detach(), self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        made = of_own(Parameter, _copied(self), self.requires_grad)
        if self.grad is not None:
            made.grad = _copied(self.grad)
        memo[id(self)] = made
        return made


class Buffer(Tensor):
    """A tensor that a module registers as a buffer when it is assigned to one of its attributes.

    Args:
        data: the elements, shared with this tensor; none by default.
        persistent: it is part of the module's state dict.
    """

    __slots__ = ()

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        made = _sharing(cls, data, False)
        made.persistent = persistent
        return made

    def __copy__(self) -> Buffer:
        made = _sharing(Buffer, self.detach(), False)
        made.persistent = self.persistent
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        made = of_own(Buffer, _copied(self), False)
        made.persistent = self.persistent
        memo[id(self)] = made
        return made


def _copied(source: Tensor) -> Tensor:
    return tensor(source.detach())


def _sharing(cls: type[T], data: Any, requires_grad: bool) -> T:
    if data is None:
        data = empty(0)
    elif not isinstance(data, Tensor):
        data = tensor(data)
    shared = aliasing.detach(data, count_writes=False)
    made = of_own(cls, shared, False)
    made._alias = shared._alias
    return _tracked(made, requires_grad)


def of_own(cls: type[T], data: Tensor, requires_grad: bool = True) -> T:
    """A parameter or buffer of a new tensor's elements, which nobody else holds."""
    made = object.__new__(cls)
    made._value = data._refresh()
    made._edge = None
    made._tracked = False
    made._alias = None
    made._extra = None
    return _tracked(made, requires_grad)


def new_parameter(*shape: int, dtype: Any = None, device: Any = None) -> Parameter:
    """A parameter of this shape, to be filled by an initialiser."""
    return of_own(Parameter, empty(shape, dtype=dtype, device=device))


def _tracked(made: T, requires_grad: bool) -> T:
    if requires_grad:
        if not made.dtype.is_differentiable:
            raise GradientError("Only Tensors of floating point and complex dtype can require gradients")
        made.requires_grad_(True)
    return made
