"""Arrow's columns: numbers as arrays, lists of one length as their last axes, the rest as objects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from telegrad_server.jobs.sources.arrow import column_of


@pytest.mark.parametrize(
    ("array", "shape", "dtype"),
    [
        (pa.array([1, 2, 3], pa.int16()), (3,), "int16"),
        (pa.array([True, False]), (2,), "bool"),
        (pa.array([1.5, None], pa.float32()), (2,), "float32"),
        (pa.array([1.5], pa.float16()), (1,), "float16"),
        (pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)), (2,), "float64"),
        (pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), (3, 2), "float64"),
        (pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)), (2, 2), "int32"),
        (pa.array([[[1.0], [2.0]], [[3.0], [4.0]]]), (2, 2, 1), "float64"),
        (pa.array([[], []], pa.list_(pa.float64())), (2, 0), "float64"),
    ],
)
def test_regular_columns_are_arrays(array: pa.Array, shape: tuple[int, ...], dtype: str) -> None:
    found = column_of(array)
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == (shape, np.dtype(dtype))


@pytest.mark.parametrize(
    ("array", "objects"),
    [
        (pa.array([1, None]), [1, None]),
        (pa.array(["a", "b"]), ["a", "b"]),
        (pa.array([[1.0], [1.0, 2.0]]), [[1.0], [1.0, 2.0]]),
        (pa.array([[1.0], None]), [[1.0], None]),
        (pa.array([[1, None], [1, 2]]), [[1, None], [1, 2]]),
    ],
)
def test_irregular_columns_are_objects(array: pa.Array, objects: list[Any]) -> None:
    assert list(column_of(array)) == objects


def test_a_slice_is_its_own_rows() -> None:
    array = pa.array([[float(n), n + 0.5] for n in range(10)])
    found = column_of(array.slice(4, 3))
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [[4.0, 4.5], [5.0, 5.5], [6.0, 6.5]]
    fixed = pa.array([[n, n] for n in range(6)], pa.list_(pa.int64(), 2)).slice(2, 2)
    assert np.asarray(column_of(fixed)).tolist() == [[2, 2], [3, 3]]
