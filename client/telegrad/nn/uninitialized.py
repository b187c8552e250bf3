"""Parameters and buffers whose shape nobody knows yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from telegrad.making.creation import empty
from telegrad.nn.parameter import Parameter, of_own
from telegrad.tensor import Tensor
from telegrad.types import Size
from telegrad_proto.errors import ShapeError


class _Uninitialized(Tensor):
    """A tensor that has a type, but no shape.

    Attributes:
        cls_to_become: what it is once it has one.
    """

    __slots__ = ()

    cls_to_become: ClassVar[type[Tensor]] = Tensor

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Gives it a shape, and elements that are yet to be filled."""
        made = empty(tuple(shape), device=device, dtype=self.dtype if dtype is None else dtype)
        self._value, self._alias = made._refresh(), None
        # Everybody who holds this object, an optimiser among them, is to see it grow up.
        self.__class__ = self.cls_to_become  # type: ignore[assignment]

    @property
    def shape(self) -> Size:
        """Not there yet.

        Raises:
            ShapeError: always.
        """
        raise ShapeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call "
            "`forward` to initialize the parameters before accessing their attributes."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = of_own(type(self), empty(0, dtype=self.dtype), self.requires_grad)
        return memo[id(self)]


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape follows from the first input that its module gets."""

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return of_own(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(_Uninitialized):
    """A buffer whose shape follows from the first input that its module gets."""

    __slots__ = ()

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> Any:
        return of_own(cls, empty(0, device=device, dtype=dtype), requires_grad)


def is_lazy(value: object) -> bool:
    """Whether it is a tensor without a shape."""
    return isinstance(value, _Uninitialized)
