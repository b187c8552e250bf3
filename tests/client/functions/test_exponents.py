"""Mantissas and powers of two; powers in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg


@pytest.mark.parametrize(
    "x",
    [
        np.array([1.0, 0.5, 3.0, -0.1, 0.0, 1e300, 1e-310, -5e-324, 1.7e308]),
        np.array([1.0, -1e-40, 1e-45, 3e38], np.float32),
    ],
)
def test_frexp_is_exact(x: np.ndarray[Any, Any]) -> None:
    mantissa, exponent = tg.frexp(tg.tensor(x))
    expected = np.frexp(x)
    np.testing.assert_array_equal(mantissa.numpy(), expected[0])
    np.testing.assert_array_equal(exponent.numpy(), expected[1])
    np.testing.assert_array_equal(tg.ldexp(mantissa, exponent).numpy(), x)


def test_a_whole_exponent_keeps_the_type_and_its_range() -> None:
    powers = tg.tensor([200, -200, 3])
    for x in (
        np.array([1.0, 1e300, -3.0]),
        np.array([1e-30, 3e38, 0.5], np.float32),
        np.array([1.0, 1.0, 0.1], np.float16),
    ):
        found = tg.ldexp(tg.tensor(x), powers)
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(found.numpy(), np.ldexp(x, powers.numpy()))
        assert found.numpy().dtype == x.dtype
    assert tg.ldexp(tg.ones(2, dtype=tg.float16), tg.tensor([0.5, 1.0])).dtype is tg.float32
    assert tg.ldexp(tg.tensor([1, 3]), tg.tensor([-1, 2])).tolist() == [0.5, 12.0]


def test_the_gradient_is_the_power() -> None:
    x = tg.tensor([3.0, 4.0], requires_grad=True)
    y = tg.ldexp(x, tg.tensor([2, -1]))
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 0.5]
    assert y.grad_fn.name() == "LdexpBackward0"


def test_powers_are_in_double_precision() -> None:
    base, power = tg.tensor([7.0, -7.0, 2.5, 0.0]), tg.tensor([2, 2, -2, 4])
    found = tg.float_power(base, power)
    assert (found.dtype, found.tolist()) == (tg.float64, [49.0, 49.0, 0.16, 0.0])
    assert tg.float_power(2, power).tolist() == [4.0, 4.0, 0.25, 16.0]
    assert base.float_power(1j).dtype is tg.complex128


def test_powers_in_place_need_double_precision() -> None:
    base = tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64)
    view = base[1:]
    assert view.float_power_(2) is view
    assert base.tolist() == [1.0, 4.0, 9.0]
    for other, exponent, needed in ((base.float(), 2, "Double"), (base, 1j, "ComplexDouble")):
        with pytest.raises(RuntimeError, match=f"float_power_ has dtype .* requires dtype {needed}$"):
            other.float_power_(exponent)
    with pytest.raises(TypeError):
        base.float_power_("two")
    assert base.tolist() == [1.0, 4.0, 9.0]
