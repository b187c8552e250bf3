"""What several rules ask of their inputs."""

from __future__ import annotations

import math
from typing import Final

from telegrad_proto.dtypes import DType, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.spec import Spec

Scalar = bool | int | float | complex

_WORDS: Final = {
    "b": "bool",
    "u": "unsigned integer",
    "i": "signed integer",
    "f": "floating point",
    "c": "complex",
}

#: Largest finite value by item size.
_FLOAT_MAX: Final = {2: 65504.0, 4: 3.4028234663852886e38, 8: 1.7976931348623157e308}


def require_kind(dtype: DType, kinds: str) -> None:
    """Returns where the dtype is of one of the kinds (letters of `DType.kind`).

    Raises:
        DTypeError: it is not.
    """
    if dtype.kind not in kinds:
        words = [_WORDS[kind] for kind in kinds]
        raise DTypeError(f"requires a {' or '.join(words)} tensor, got {dtype.name}", dtype=dtype.name)


def require_equal_dtypes(*specs: Spec) -> DType:
    """The one dtype of all the specs.

    Raises:
        DTypeError: there are several.
    """
    first = specs[0].dtype
    for spec in specs:
        if spec.dtype is not first:
            raise DTypeError(f"requires equal dtypes, got {', '.join(s.dtype.name for s in specs)}")
    return first


def require_index(spec: Spec) -> None:
    """Returns where the spec can index: int64.

    Raises:
        DTypeError: another dtype.
    """
    if spec.dtype is not int64:
        raise DTypeError(f"requires an int64 index, got {spec.dtype.name}")


def require_length(name: str, values: tuple[int, ...], length: int) -> None:
    """Returns where a list attribute has one entry a dimension.

    Raises:
        ShapeError: it has not.
    """
    if len(values) != length:
        raise ShapeError(f"{name}: requires one entry a dimension, {length}, got {len(values)}: {values}")


def require_at_least(name: str, values: tuple[int, ...], least: int) -> None:
    """Returns where no value is less than `least`.

    Raises:
        ArgumentError: one is.
    """
    for value in values:
        if value < least:
            raise ArgumentError(f"{name}: requires at least {least}, got {value} in {values}")


def require_fits(value: Scalar, dtype: DType) -> None:
    """Returns where a scalar can be an element of this dtype.

    Raises:
        ArgumentError: it overflows, or a complex number would lose its imaginary part.
    """
    if dtype.kind == "b":
        return
    if isinstance(value, complex) and dtype.kind != "c":
        raise ArgumentError(
            f"value cannot be converted to type {dtype.name} without losing its imaginary part"
        )
    if dtype.kind in "iu":
        assert not isinstance(value, complex)
        bits = 8 * dtype.itemsize - (dtype.kind == "i")
        low = -(2**bits) if dtype.kind == "i" else 0
        if not math.isfinite(value) or not low <= int(value) < 2**bits:
            raise ArgumentError(
                f"value cannot be converted to type {dtype.name} without overflow", value=value
            )
        return
    largest = _FLOAT_MAX[dtype.to_real().itemsize]
    parts = (value.real, value.imag) if isinstance(value, complex) else (value,)
    for part in parts:
        # An int beyond float64's range has no float at all; comparing ints and floats is exact in Python.
        if abs(part) > largest and not (isinstance(part, float) and math.isinf(part)):
            raise ArgumentError(
                f"value cannot be converted to type {dtype.name} without overflow", value=value
            )
