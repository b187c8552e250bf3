"""What several rules ask of their inputs."""

from __future__ import annotations

import math

import pytest

from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.opset import OPSET
from telegrad_proto.rules import checks
from telegrad_proto.spec import Spec


def test_kinds_are_named_for_people() -> None:
    checks.require_kind(dtypes.float16, "fc")
    with pytest.raises(DTypeError, match="requires a floating point or complex tensor, got int64"):
        checks.require_kind(dtypes.int64, "fc")


def test_one_dtype() -> None:
    a, b = Spec((2,), dtypes.float32), Spec((), dtypes.float64)
    assert checks.require_equal_dtypes(a, a) is dtypes.float32
    with pytest.raises(DTypeError, match="requires equal dtypes, got float32, float64"):
        checks.require_equal_dtypes(a, b)


@pytest.mark.parametrize("dtype", [dtypes.int32, dtypes.uint64, dtypes.float32, dtypes.bool_])
def test_only_int64_can_index(dtype: DType) -> None:
    checks.require_index(Spec((3,), dtypes.int64))
    with pytest.raises(DTypeError, match="int64 index"):
        checks.require_index(Spec((3,), dtype))


def test_lists() -> None:
    checks.require_length("low", (1, 2), 2)
    checks.require_at_least("strides", (1, 5), 1)
    with pytest.raises(ShapeError, match="low: requires one entry a dimension, 3, got 2"):
        checks.require_length("low", (1, 2), 3)
    with pytest.raises(ArgumentError, match="strides: requires at least 1, got 0"):
        checks.require_at_least("strides", (1, 0), 1)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (255, dtypes.uint8),
        (-128, dtypes.int8),
        (127.9, dtypes.int8),
        (2**64 - 1, dtypes.uint64),
        (True, dtypes.float16),
        (65504.0, dtypes.float16),
        (math.inf, dtypes.float16),
        (math.nan, dtypes.float32),
        (complex(math.inf, 1), dtypes.complex64),
        (10**400, dtypes.bool_),
        (2.5, dtypes.bool_),
    ],
)
def test_scalars_that_fit(value: checks.Scalar, dtype: DType) -> None:
    checks.require_fits(value, dtype)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (256, dtypes.uint8),
        (-1, dtypes.uint8),
        (128.0, dtypes.int8),
        (2**64, dtypes.uint64),
        (math.nan, dtypes.int64),
        (math.inf, dtypes.int64),
        (65520.0, dtypes.float16),
        (1e39, dtypes.float32),
        (10**400, dtypes.float64),
        (1 + 1j, dtypes.float64),
        (1 + 1j, dtypes.int32),
        (1e39j, dtypes.complex64),
    ],
)
def test_scalars_that_do_not(value: checks.Scalar, dtype: DType) -> None:
    with pytest.raises(ArgumentError, match=f"value cannot be converted to type {dtype.name}"):
        checks.require_fits(value, dtype)


def test_a_message_names_the_operator_it_is_about() -> None:
    with pytest.raises(DTypeError, match=r"^erf: requires a floating point tensor, got int64$"):
        OPSET["erf"].infer((Spec((2,), dtypes.int64),), ())
    with pytest.raises(ShapeError, match=r"^The size of tensor a \(2\) must match"):
        OPSET["add"].infer((Spec((2,), dtypes.int64), Spec((3,), dtypes.int64)), ())
