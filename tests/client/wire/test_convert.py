"""Arrays, Python's numbers and the bytes of the wire."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.wire.convert import (
    array_of,
    array_of_data,
    dtype_of_numpy,
    numpy_dtype,
    own_copy,
    payload_of,
    spec_of,
)
from telegrad.wire.values import Value
from telegrad_proto import dtypes
from telegrad_proto.errors import ShapeError
from telegrad_proto.spec import Spec


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
def test_bytes_are_little_endian_in_c_order(dtype: dtypes.DType) -> None:
    array = np.array([[0, 1, 0], [1, 1, 0]]).astype(dtype.typestr)
    for given in (
        array,
        np.asfortranarray(array),
        array[:, ::-1][:, ::-1],
        array.astype(array.dtype.newbyteorder(">")),
    ):
        copied = own_copy(given)
        assert spec_of(copied) is Spec((2, 3), dtype)
        data = payload_of(Value(0, spec_of(copied), None, copied))
        assert bytes(data) == array.tobytes()
        np.testing.assert_array_equal(array_of(spec_of(copied), data), array)
    assert dtype_of_numpy(numpy_dtype(dtype)) is dtype


def test_no_bytes_for_no_elements() -> None:
    empty = own_copy(np.zeros((0, 3)))
    assert bytes(payload_of(Value(0, spec_of(empty), None, empty))) == b""
    assert array_of(Spec((0, 3), dtypes.float64), b"").shape == (0, 3)


def test_a_wrong_number_of_bytes_is_noticed() -> None:
    with pytest.raises(ShapeError, match="has 8 bytes, got 7"):
        array_of(Spec((2,), dtypes.float32), b"1234567")


def test_types_that_have_no_tensor() -> None:
    for array in (
        np.array(["a"]),
        np.array([None]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros(1, np.longdouble),
    ):
        with pytest.raises(TypeError, match="The only supported types are"):
            own_copy(array)


def test_copies_cannot_be_written_and_are_apart() -> None:
    array = np.ones(2)
    copied = own_copy(array)
    array[0] = 5
    assert copied.tolist() == [1.0, 1.0]
    assert not copied.flags.writeable
    assert own_copy(np.array([1 + 2j]), dtypes.float32).tolist() == [1.0]


def test_nesting_must_be_even() -> None:
    for data, message in (
        ([[1], [2, 3]], "expected sequence of length 1 at dim 1 (got 2)"),
        ([[1], 2], "expected sequence at dim 1 (got int)"),
        ([1, [2]], "must be real number, not list"),
    ):
        with pytest.raises((TypeError, ValueError), match=message.replace("(", r"\(").replace(")", r"\)")):
            array_of_data(data, None, default=tg.float32)


def test_arrays_and_tensors_inside_sequences() -> None:
    assert tg.tensor([np.array([1.0, 2.0]), [3.0, 4.0]]).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert tg.tensor([tg.tensor(1), tg.tensor(2)]).dtype is tg.int64
    assert tg.tensor([tg.tensor([1.5]) * 2, [1.0]]).tolist() == [[3.0], [1.0]]


def test_precision_of_numbers() -> None:
    assert tg.tensor(2**53 + 1).item() == 2**53 + 1
    assert tg.tensor([2**62, -(2**63)]).tolist() == [2**62, -(2**63)]
    assert tg.tensor(2**64 - 1, dtype=tg.uint64).item() == 2**64 - 1
    assert tg.tensor(0.1, dtype=tg.float64).item() == 0.1
    assert tg.tensor(1e400).item() == np.inf
