"""Values made of attributes, and random ones made of a key."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from tests.engine.ops.graphs import forward


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (2**63, dtypes.uint64),
        (-7.9, dtypes.int8),
        (True, dtypes.float16),
        (1 - 2j, dtypes.complex64),
        (3, dtypes.bool_),
    ],
)
def test_full(fill: complex, dtype: DType) -> None:
    (out,) = forward("full", [], {"shape": (2,), "fill": fill, "dtype": dtype})
    expected = int(fill.real) if dtype.kind in "iu" else fill
    assert out.tolist() == [bool(expected) if dtype.kind == "b" else expected] * 2


def test_iota_counts() -> None:
    for dtype in (dtypes.int8, dtypes.uint64, dtypes.float16):
        (out,) = forward("iota", [], {"size": 4, "dtype": dtype})
        assert out.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["random_uniform", "random_normal"])
def test_the_same_key_draws_the_same(name: str) -> None:
    key = np.array([3, 4], "<u8")
    first, again = [forward(name, [key], {"shape": (5,), "dtype": dtypes.float32})[0] for _ in range(2)]
    np.testing.assert_array_equal(first, again)
    (other,) = forward(name, [key + np.uint64(1)], {"shape": (5,), "dtype": dtypes.float32})
    assert not np.array_equal(first, other)
