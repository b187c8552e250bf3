"""Values made of attributes alone, and random ones made of a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto.dtypes import DType, uint64
from telegrad_proto.errors import DTypeError, ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_fits, require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def full(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of one number in every place.

    Raises:
        ShapeError: a negative dimension.
        LimitError: a shape past a bound.
        ArgumentError: the number is none of this dtype.
    """
    dtype: DType = attrs["dtype"]
    require_fits(attrs["fill"], dtype)
    return (Spec(attrs["shape"], dtype),)


def iota(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of 0, 1, ..., size - 1.

    Raises:
        ShapeError: a negative size.
        LimitError: a size past a bound.
        ArgumentError: the last number is none of this dtype.
        DTypeError: bool or complex.
    """
    size, dtype = attrs["size"], attrs["dtype"]
    require_kind(dtype, "iuf")
    made = Spec((size,), dtype)
    if size:
        require_fits(size - 1, dtype)
    return (made,)


def random(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of real random numbers.

    Raises:
        DTypeError: the key is not uint64, or the result not real floating point.
        ShapeError: the key is not two numbers.
        LimitError: a shape past a bound.
    """
    _require_key(specs[0])
    require_kind(attrs["dtype"], "f")
    return (Spec(attrs["shape"], attrs["dtype"]),)


def random_of(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of random numbers, one for each place of the parameters.

    Raises:
        DTypeError: the key is not uint64, or the parameters not of one real floating point type.
        ShapeError: the key is not two numbers, or the parameters differ in shape.
    """
    _require_key(specs[0])
    require_kind(require_equal_dtypes(*specs[1:]), "f")
    for spec in specs[2:]:
        if spec.shape != specs[1].shape:
            raise ShapeError(
                f"requires parameters of one shape, got {list(specs[1].shape)} and {list(spec.shape)}"
            )
    return (specs[1],)


def random_bits(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of 64 random bits in every place.

    Raises:
        DTypeError: the key is not uint64.
        ShapeError: the key is not two numbers.
        LimitError: a shape past a bound.
    """
    _require_key(specs[0])
    return (Spec(attrs["shape"], uint64),)


def _require_key(key: Spec) -> None:
    if key.dtype is not uint64:
        raise DTypeError(f"requires a key of dtype uint64, got {key.dtype.name}")
    if key.shape != (2,):
        raise ShapeError(f"requires a key (seed, offset) of shape [2], got {list(key.shape)}")
