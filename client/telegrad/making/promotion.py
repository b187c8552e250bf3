"""What two operands become together: torch's promotion, with Python numbers and 0-d tensors as it weighs
them.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from telegrad import _primitives as p
from telegrad.errors import NotNumberError
from telegrad.recording.recorder import CONSTANTS_KEPT, current
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Value
from telegrad_proto import dtypes
from telegrad_proto.dtypes import CATEGORY, DType, promote
from telegrad_proto.errors import DTypeError
from telegrad_proto.spec import Spec

Number = bool | int | float | complex

_default: DType = dtypes.float32


def get_default_dtype() -> DType:
    """The type that floating point data takes where none is named."""
    return _default


def set_default_dtype(dtype: object) -> None:
    """Changes the type that floating point data takes where none is named.

    Raises:
        DTypeError: it is no floating point type.
    """
    global _default
    if not isinstance(dtype, DType) or dtype.kind != "f":
        raise DTypeError(f"only floating-point types are supported as the default type, got {dtype!r}")
    _default = dtype
    _WITH_NUMBER.clear()


def default_complex() -> DType:
    """The complex type whose parts have the default type."""
    return dtypes.complex128 if _default is dtypes.float64 else dtypes.complex64


def is_number(value: object) -> bool:
    """Whether torch takes it for a Python number; NumPy's scalars are."""
    return isinstance(value, (bool, int, float, complex, np.number, np.bool_))


def number(value: Any) -> Number:
    """The Python number that a number or NumPy scalar is."""
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[no-any-return]


def dtype_of_number(value: Number) -> DType:
    """The type that a tensor made of this number alone has.

    Raises:
        NotNumberError: it is no number.
    """
    if isinstance(value, bool):
        return dtypes.bool_
    if isinstance(value, int):
        return dtypes.int64
    if isinstance(value, float):
        return _default
    if isinstance(value, complex):
        return default_complex()
    raise NotNumberError(value)


_WITH_NUMBER: Final[dict[tuple[DType, type], DType]] = {}


def with_number(dtype: DType, value: Number) -> DType:
    """What a tensor of this type becomes together with a Python number: the number only lifts the
    category.
    """
    key = (dtype, type(value))
    found = _WITH_NUMBER.get(key)
    if found is None:
        other = dtype_of_number(value)
        if CATEGORY[other.kind] <= CATEGORY[dtype.kind]:
            found = dtype
        elif other.kind == "c" and dtype.kind == "f":
            found = dtypes.complex64 if dtype.itemsize < 8 else dtypes.complex128
        else:
            found = other
        _WITH_NUMBER[key] = found
    return found


def result_type(*operands: Any) -> DType:
    """The type of an operation on these tensors and numbers.

    Tensors with dimensions weigh most, then 0-d tensors, then numbers: a lighter one counts where its
    category is higher.

    Source: aten/src/ATen/native/TypeProperties.cpp, update_result_type_state and result_type, of PyTorch
    2.13.
    """
    weights: list[DType | None] = [None, None, None]
    for operand in operands:
        if isinstance(operand, Tensor):
            place, dtype = (0 if operand._value.spec.ndim else 1), operand.dtype
        elif isinstance(operand, DType):
            place, dtype = 0, operand
        else:
            place, dtype = 2, dtype_of_number(number(operand))
        before = weights[place]
        weights[place] = dtype if before is None else promote(before, dtype)
    return _combine(weights[0], _combine(weights[1], weights[2])) or _default


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.kind == "c":
        return higher
    if higher.kind == "f":
        if lower.kind == "c":
            return dtypes.complex128 if higher is dtypes.float64 else dtypes.complex64
        return higher
    if lower.kind in "fc":
        return lower
    return promote(higher, lower) if higher.kind == "b" else higher


def cast(x: Tensor, dtype: DType) -> Tensor:
    """The tensor in another type; itself where it has that type."""
    return x if x._value.spec.dtype is dtype else p.cast(x, dtype=dtype)


def promote_operands(a: Tensor | Number, b: Tensor | Number) -> tuple[Tensor, Tensor]:
    """Both operands as tensors of the type that torch computes with.

    Raises:
        NotNumberError: neither is a tensor.
    """
    if isinstance(a, Tensor):
        if isinstance(b, Tensor):
            if a._value.spec.dtype is b._value.spec.dtype:
                return a, b
            dtype = result_type(a, b)
            return cast(a, dtype), cast(b, dtype)
        b = number(b)
        dtype = with_number(a._value.spec.dtype, b)
        return cast(a, dtype), constant(wrapped(b, dtype), dtype)
    if not isinstance(b, Tensor):
        raise NotNumberError(a)
    second, first = promote_operands(b, a)
    return first, second


def wrapped(value: Number, dtype: DType) -> Number:
    """The number as a 0-d tensor of it would be converted to the type: integers that do not fit lose their
    upper bits.
    """
    if dtype.kind not in "iu" or isinstance(value, (float, complex)):
        return value
    bits = 8 * dtype.itemsize
    if not -(1 << 63) <= value < 1 << 64:
        raise DTypeError("Overflow when unpacking long")
    value = int(value) & ((1 << bits) - 1)
    return value - (1 << bits) if dtype.kind == "i" and value >> (bits - 1) else value


def promote_all(*operands: Tensor | Number) -> tuple[Tensor, ...]:
    """All operands as tensors of the type that torch computes with."""
    dtype = result_type(*operands)
    return tuple([cast(x, dtype) if isinstance(x, Tensor) else constant(number(x), dtype) for x in operands])


def to_float(x: Tensor) -> Tensor:
    """The tensor in a type that sin and its like take: integers and bool become the default type."""
    return x if x._value.spec.dtype.kind in "fc" else p.cast(x, dtype=_default)


def constant(value: Number, dtype: DType) -> Tensor:
    """A 0-d tensor of a number, the same one each time: an input to primitives, never a result to hand out.

    Its bytes travel once a session, apart from the operators, so a plan does not depend on the number.
    """
    recorder = current()
    # Zeros have a sign and NaN is not equal to itself: such numbers are looked up by their text.
    key: tuple[Any, DType] = (value, dtype)
    if not value or value != value or isinstance(value, complex):
        key = (f"{type(value).__name__} {value!r}", dtype)
    known = recorder.constants.get(key)
    if known is None:
        known = recorder.constants[key] = make(Value(0, Spec((), dtype), None, scalar_array(value, dtype)))
        if len(recorder.constants) > CONSTANTS_KEPT:
            recorder.constants.popitem(last=False)
    return known


def scalar_array(value: Number, dtype: DType) -> np.ndarray[Any, Any]:
    """A number as a read-only 0-d array, converted as torch converts it.

    Raises:
        DTypeError: a complex number for a real type.
        OverflowError: it does not fit, in torch's words.
    """
    if isinstance(value, complex) and dtype.kind != "c":
        if value.imag != 0:
            raise DTypeError(f"value cannot be converted to type {dtype.name} without overflow")
        value = value.real
    if dtype.kind in "ui" and isinstance(value, float):
        if not math.isfinite(value):
            raise DTypeError(f"value cannot be converted to type {dtype.name} without overflow")
        value = int(value)
    if dtype.kind in "ui":
        low = 0 if dtype.kind == "u" else -(1 << (8 * dtype.itemsize - 1))
        high = (1 << (8 * dtype.itemsize - (dtype.kind == "i"))) - 1
        # As in torch, a negative number wraps into an unsigned type.
        if not (low or -high) <= value <= high:  # type: ignore[operator]
            raise DTypeError(f"value cannot be converted to type {dtype.name} without overflow")
        value = int(value) & high if dtype.kind == "u" else value  # type: ignore[arg-type]
    with np.errstate(over="ignore"):
        array = np.asarray(value).astype(dtype.typestr)
    array.flags.writeable = False
    return array
