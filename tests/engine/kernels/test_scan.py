"""Sums, products and running ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telegrad_engine.kernels import scan
from tests.engine.kernels.stand_in import other

MODULES = [pytest.param(np, id="numpy"), pytest.param(other, id="other")]


@pytest.mark.parametrize("axis", [0, 1])
def test_long_sums_lose_little(axis: int) -> None:
    x = np.full((100_003, 3), 0.1, "<f4")
    x = np.ascontiguousarray(x if axis == 0 else x.T)
    found = scan.sum_axes(np, x, axes=(axis,), keepdims=False)
    np.testing.assert_allclose(found, np.float32(0.1).astype("<f8") * 100_003, rtol=1e-6)
    assert found.dtype == x.dtype
    assert scan.sum_axes(np, x, axes=(0, 1), keepdims=True).shape == (1, 1)


def test_half_precision_sums_in_single() -> None:
    x = np.full(5000, 1, "<f2")
    assert scan.sum_axes(np, x, axes=(0,), keepdims=False) == 5000
    assert scan.prod_axes(np, np.full(20, 0.5, "<f2"), axes=(0,), keepdims=False) == np.float16(2.0**-20)
    assert scan.cumsum(np, x, axis=0, reverse=False)[-1] == 5000


def test_small_integers_stay_small() -> None:
    x = np.array([100, 100], "|i1")
    assert scan.sum_axes(np, x, axes=(0,), keepdims=False).dtype == np.int8
    assert scan.cumsum(np, x, axis=0, reverse=False).tolist() == [100, -56]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
def test_linear_scan_is_its_recurrence(length: int, reverse: bool, rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3, length))
    a[0, length // 2] = 0
    h, last = np.zeros_like(b), np.zeros(3)
    for i in reversed(range(length)) if reverse else range(length):
        last = h[:, i] = a[:, i] * last + b[:, i]
    np.testing.assert_allclose(scan.linear_scan(np, a, b, axis=1, reverse=reverse), h, rtol=1e-12, atol=1e-12)
    turned = scan.linear_scan(np, a.T, b.T, axis=0, reverse=reverse)
    np.testing.assert_allclose(turned, h.T, rtol=1e-12, atol=1e-12)


def test_logcumsumexp_of_what_exp_cannot_hold() -> None:
    x = np.array([-np.inf, 1000.0, 1000.0, -np.inf, 1001.0])
    expected = [-np.inf, 1000, 1000 + np.log(2), 1000 + np.log(2), 1000 + np.log(2 + np.e)]
    np.testing.assert_allclose(scan.logcumsumexp(np, x, axis=0), expected, rtol=1e-14)
    assert scan.logcumsumexp(np, x.astype("<f4"), axis=0).dtype.str == "<f4"


@pytest.mark.parametrize("xp", MODULES)
def test_running_extremes_take_the_last_place_and_keep_nan(xp: Any) -> None:
    x = np.array([[1.0, 3.0, 3.0, np.nan, 2.0, np.nan, 5.0], [2.0, 1.0, 2.0, 2.0, 0.0, 7.0, 7.0]])
    best, where = scan.running_extreme(xp, x, axis=1, largest=True)
    np.testing.assert_array_equal(best, np.maximum.accumulate(x, axis=1))
    assert where.tolist() == [[0, 1, 2, 3, 3, 5, 5], [0, 0, 2, 3, 3, 5, 6]]
    _, where = scan.running_extreme(xp, x[1], axis=0, largest=False)
    assert where.tolist() == [0, 1, 1, 1, 4, 4, 4]


@pytest.mark.parametrize("xp", MODULES)
def test_nothing_and_a_scalar(xp: Any) -> None:
    assert scan.linear_scan(xp, np.zeros((2, 0)), np.zeros((2, 0)), axis=1, reverse=True).shape == (2, 0)
    assert scan.running_extreme(xp, np.array(2.0), axis=0, largest=True) == (2.0, 0)
    assert scan.cumprod(xp, np.array(2.0), axis=0) == 2.0
    assert scan.sum_axes(xp, np.zeros((0, 2)), axes=(0,), keepdims=False).tolist() == [0, 0]
