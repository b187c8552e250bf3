"""Sorting and searching, beside torch's order of equals and of NaN."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.kernels import sorting


@pytest.mark.parametrize("descending", [False, True])
def test_equals_keep_their_order_and_nan_is_largest(descending: bool) -> None:
    x = np.array([2.0, np.nan, 1.0, 2.0, -np.inf, 1.0, np.nan])
    values, order = sorting.sort(np, x, axis=0, descending=descending, stable=True)
    expected = [1, 6, 0, 3, 2, 5, 4] if descending else [4, 2, 5, 0, 3, 1, 6]
    assert order.tolist() == expected
    np.testing.assert_array_equal(values, x[expected])


@pytest.mark.torch
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_sort_is_torchs(axis: int, descending: bool, rng: np.random.Generator) -> None:
    import torch

    x = rng.integers(0, 4, (20, 30)).astype("<f4")
    x[x == 3] = np.nan
    theirs = torch.sort(torch.from_numpy(x), dim=axis, descending=descending, stable=True)
    values, order = sorting.sort(np, x, axis=axis, descending=descending, stable=True)
    np.testing.assert_array_equal(values, theirs.values.numpy())
    np.testing.assert_array_equal(order, theirs.indices.numpy())


def test_bools_and_nothing() -> None:
    assert sorting.sort(np, np.array([True, False]), axis=0, descending=False, stable=True)[1].tolist() == [
        1,
        0,
    ]
    assert sorting.sort(np, np.zeros((0, 2)), axis=0, descending=True, stable=True)[0].shape == (0, 2)
    assert sorting.sort(np, np.array(3.0), axis=0, descending=True, stable=True) == (3.0, 0)


def test_searching_rows() -> None:
    rows = np.array([[1.0, 3.0, 3.0], [0.0, 5.0, 9.0]])
    values = np.array([[3.0, 0.0], [5.0, 9.5]])
    assert sorting.searchsorted(np, rows, values, right=False).tolist() == [[1, 0], [1, 3]]
    assert sorting.searchsorted(np, rows, values, right=True).tolist() == [[3, 0], [2, 3]]
    assert sorting.searchsorted(np, rows[0], np.array(3.0), right=True) == 3
