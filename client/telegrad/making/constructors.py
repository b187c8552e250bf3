"""torch's old spellings: Tensor(...) and FloatTensor(...) as constructors, Variable."""

from __future__ import annotations

from typing import Any, Final

from telegrad.making.creation import filled, no_more, shape_of, tensor
from telegrad.making.promotion import get_default_dtype, is_number
from telegrad.tensor import CLASS_NAMES, Tensor, make
from telegrad.types import check_device
from telegrad_proto.dtypes import DType


class OldClass:
    """A class of torch's first years, as FloatTensor: called, it makes a tensor; `isinstance` asks for the
    element type.
    """

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self.__name__ = CLASS_NAMES[dtype]

    def __call__(self, *data: Any, device: Any = None) -> Tensor:
        return construct_as(self.dtype, data)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype is self.dtype

    def __repr__(self) -> str:
        return f"<class 'torch.{self.__name__}'>"


def construct(cls: type[Tensor], data: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
    """What calling Tensor makes: of the default type, from data or, given integers, of a shape."""
    check_device(options.pop("device", None))
    if "data" in options:
        data = (options.pop("data"),)
    no_more("Tensor", options)
    return construct_as(get_default_dtype(), data)


def construct_as(dtype: DType, data: tuple[Any, ...]) -> Tensor:
    """A tensor of this type from data or, given integers, of a shape."""
    if not data:
        return filled((0,), 0, dtype, False)
    if len(data) == 1 and not (isinstance(data[0], int) and not isinstance(data[0], bool)):
        given = data[0]
        if isinstance(given, Tensor):
            if given.dtype is not dtype:
                raise TypeError(f"expected {CLASS_NAMES[dtype]} (got {given.type()})")
            return make(given._refresh())
        if is_number(given):
            raise TypeError(f"new(): data must be a sequence (got {type(given).__name__})")
        return tensor(given, dtype=dtype)
    return filled(shape_of(data, "new"), 0, dtype, False)


def variable(data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Tensor:
    """What Variable was before it and Tensor became one: the tensor, cut off its graph."""
    if not isinstance(data, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
    return data.detach().requires_grad_(requires_grad)


OLD_CLASSES: Final = {name: OldClass(dtype) for dtype, name in CLASS_NAMES.items() if dtype.kind != "c"}
