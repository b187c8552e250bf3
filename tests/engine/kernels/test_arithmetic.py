"""Arithmetic at its edges, as torch has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.kernels import arithmetic
from telegrad_proto.errors import EvaluationError


@pytest.mark.parametrize("divide", [arithmetic.floor_divide, arithmetic.remainder, arithmetic.fmod])
def test_an_integer_over_zero(divide: Callable[..., Any]) -> None:
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        divide(np, np.array([1, 2]), np.array([0, 1]))
    with np.errstate(all="ignore"):
        divide(np, np.array([1.0]), np.array([0.0]))
    assert divide(np, np.array([7]), np.array([4])).item() in (1, 3)


def test_signs_of_remainders() -> None:
    a, b = np.array([7, -7, 7, -7]), np.array([4, 4, -4, -4])
    assert arithmetic.floor_divide(np, a, b).tolist() == [1, -2, -2, 1]
    assert arithmetic.remainder(np, a, b).tolist() == [3, 1, -1, -3]
    assert arithmetic.fmod(np, a, b).tolist() == [3, -3, 3, -3]


@pytest.mark.parametrize("dtype", ["<i8", "|i1"])
def test_integers_to_negative_powers(dtype: str) -> None:
    a, b = np.array([2, 1, -1, -1, -3, 3], dtype), np.array([-1, -2, -3, -2, 3, 0], dtype)
    out = arithmetic.power(np, a, b)
    assert out.tolist() == [0, 1, -1, 1, -27, 1]
    assert out.dtype.str == dtype


def test_powers_that_are_products() -> None:
    x = np.array([-3.0, 0.0, 1.1, np.inf, np.nan], "<f4")
    for exponent in (1, 2, 3):
        out = arithmetic.power(np, x, np.array(exponent, "<f4"))
        np.testing.assert_allclose(out, np.power(x, np.float32(exponent)), rtol=2e-7)
        assert out.dtype == x.dtype
    assert arithmetic.power(np, np.float64(3.0), np.array([2.0])).shape == (1,)


@pytest.mark.parametrize("dtype", ["|i1", "<i4", "<i8", "|u1", "<u8"])
def test_shifts_past_the_width(dtype: str) -> None:
    width = 8 * np.dtype(dtype).itemsize
    low = -5 if dtype[1] == "i" else 5
    a = np.array([low, low, 5, 5], dtype)
    b = np.array([width, 1, width + 3, 0], dtype)
    sign = -1 if dtype[1] == "i" else 0
    assert arithmetic.shift_left(np, a, b).tolist() == [0, low * 2, 0, 5]
    assert arithmetic.shift_right(np, a, b).tolist() == [sign, low >> 1, 0, 5]
    assert arithmetic.shift_left(np, a, b).dtype.str == dtype


@pytest.mark.torch
def test_shifts_are_torchs() -> None:
    import torch

    a, b = np.meshgrid([-5, -1, 0, 1, 5], [-65, -1, 0, 1, 62, 63, 64, 65])
    left, right = torch.from_numpy(a), torch.from_numpy(b)
    np.testing.assert_array_equal(arithmetic.shift_left(np, a, b), (left << right).numpy())
    np.testing.assert_array_equal(arithmetic.shift_right(np, a, b), (left >> right).numpy())


def test_signs() -> None:
    assert arithmetic.sign(np, np.array([True, False])).tolist() == [True, False]
    assert arithmetic.sign(np, np.array([3, 0], "|u1")).tolist() == [1, 0]
    with np.errstate(all="ignore"):
        out = arithmetic.sign(np, np.array([0, 3 + 4j], "<c8"))
    assert out.tolist() == [0, np.complex64(0.6 + 0.8j)]
    assert out.dtype.str == "<c8"


def test_small_complex_numbers_lose_nothing() -> None:
    x = np.array([1e-12 + 2e-12j, -0.3 + 0.1j, 2 - 1j, -1e-9j])
    np.testing.assert_allclose(arithmetic.expm1(np, x), [1e-12 + 2e-12j, *np.expm1(x[1:])], rtol=1e-11)
    np.testing.assert_allclose(arithmetic.log1p(np, x)[:1], [1e-12 + 2e-12j], rtol=1e-11)
    np.testing.assert_allclose(arithmetic.log1p(np, x)[1:], np.log(1 + x[1:]), rtol=1e-8, atol=1e-17)
    assert arithmetic.log1p(np, x.astype("<c8")).dtype.str == "<c8"


def test_bases() -> None:
    x = np.array([8.0, 100.0])
    np.testing.assert_allclose(arithmetic.log_base(np, x + 0j, 2), np.log2(x))
    np.testing.assert_allclose(arithmetic.log_base(np, x + 0j, 10), np.log10(x))
    np.testing.assert_allclose(arithmetic.exp2(np, np.array([3 + 0j])), [8])


def test_integers_are_rounded_already() -> None:
    x = np.array([1, -2])
    assert arithmetic.rounded(np, x, np.floor) is x
    assert arithmetic.rounded(np, np.array([2.5, 3.5, -0.5]), np.rint).tolist() == [2.0, 4.0, -0.0]
