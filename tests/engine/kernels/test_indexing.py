"""Reading and writing at positions: every one is checked, and equal ones add up."""

from __future__ import annotations

import re

import numpy as np
import pytest

from telegrad_engine.kernels import indexing
from telegrad_proto.errors import IndexRangeError


def test_gather_and_its_adjoint(rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 4))
    index = rng.integers(0, 4, (2, 6))
    picked = indexing.gather(np, x, index, axis=1)
    np.testing.assert_array_equal(picked, np.take_along_axis(x[:2], index, 1))
    back = indexing.scatter_add(np, np.zeros((3, 4)), index, np.ones((2, 7)), axis=1)
    expected = np.zeros((3, 4))
    for i, j in np.ndindex(index.shape):
        expected[i, index[i, j]] += 1
    np.testing.assert_array_equal(back, expected)


@pytest.mark.parametrize("place", [3, -1])
def test_positions_outside(place: int) -> None:
    x, index = np.zeros((2, 3)), np.array([[0, 1], [place, 2]])
    words = re.escape(f"index {place} is out of bounds for dimension 1 with size 3")
    with pytest.raises(IndexRangeError, match=words) as caught:
        indexing.gather(np, x, index, axis=1)
    assert caught.value.details == {"index": place, "axis": 1, "size": 3}
    assert isinstance(caught.value, (IndexError, RuntimeError))
    with pytest.raises(IndexRangeError):
        indexing.scatter(np, x, index, np.zeros((2, 2)), axis=1)
    with pytest.raises(IndexRangeError):
        indexing.scatter_add(np, x, index, np.zeros((2, 2)), axis=1)


def test_advanced_indexing_counts_from_both_ends() -> None:
    x = np.arange(12.0).reshape(3, 4)
    rows, columns = np.array([[0], [-1]]), np.array([1, -4, 3])
    np.testing.assert_array_equal(indexing.index(np, x, rows, columns, axes=(0, 1)), x[rows, columns])
    for wrong in (3, -4):
        with pytest.raises(
            IndexRangeError, match=f"index {wrong} is out of bounds for dimension 0 with size 3"
        ):
            indexing.index(np, x, np.array([0, wrong]), axes=(0,))
        with pytest.raises(IndexRangeError):
            indexing.index_put(np, x, np.array(1.0), np.array(wrong), axes=(0,), accumulate=False)


def test_equal_positions_add_up_and_nothing_else_changes() -> None:
    x = np.zeros((3, 2))
    out = indexing.index_put(
        np, x, np.array([[1.0, 2.0], [10.0, 20.0]]), np.array([1, -2]), axes=(0,), accumulate=True
    )
    assert out.tolist() == [[0, 0], [11, 22], [0, 0]]
    assert not x.any()
    written = indexing.index_put(np, x, np.array(5.0), np.array([0]), axes=(1,), accumulate=False)
    assert written.tolist() == [[5, 0]] * 3


def test_sums_of_bools_are_set_where_any_is() -> None:
    out = indexing.scatter_add(
        np, np.array([False, True, False]), np.array([0, 0, 2]), np.array([True, True, False]), axis=0
    )
    assert out.tolist() == [True, True, False]


def test_nothing_is_read_of_nothing() -> None:
    x = np.zeros((0, 3, 2), "<f4")
    out = indexing.index(np, x, np.zeros((4, 0), int), np.zeros((1, 0), int), axes=(0, 1))
    assert out.shape == (4, 0, 2)
    assert out.dtype == x.dtype
    same = indexing.index_put(np, x, np.zeros(2, "<f4"), np.zeros(0, int), axes=(0,), accumulate=True)
    assert same.shape == x.shape
    assert indexing.gather(np, np.zeros((2, 3)), np.zeros(0, int), axis=1).shape == (0,)


def test_a_thousand_additions_are_all_counted(rng: np.random.Generator) -> None:
    index = rng.integers(0, 5, 1000)
    out = indexing.scatter_add(np, np.zeros(5, "<i8"), index, np.ones(1000, "<i8"), axis=0)
    assert out.tolist() == np.bincount(index, minlength=5).tolist()
