from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close, fail_alike

A = np.array([7.0, -7.0, 2.5, 0.0])
B = np.array([2.0, 2.0, -2.0, 4.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", A + B),
        ("sub", A - B),
        ("mul", A * B),
        ("div", A / B),
        ("maximum", np.maximum(A, B)),
        ("minimum", np.minimum(A, B)),
        ("atan2", np.arctan2(A, B)),
        ("copysign", np.copysign(A, B)),
        ("hypot", np.hypot(A, B)),
        ("nextafter", np.nextafter(A, B)),
        ("remainder", np.remainder(A, B)),
        ("fmod", np.fmod(A, B)),
        ("floor_divide", np.floor_divide(A, B)),
        ("fmax", np.fmax(A, B)),
        ("fmin", np.fmin(A, B)),
        ("logaddexp", np.logaddexp(A, B)),
        ("logaddexp2", np.logaddexp2(A, B)),
        ("rsub", B - A),
        ("ldexp", A * 2**B),
    ],
)
def test_it_is_numpys(name: str, expected: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    close(getattr(tg, name)(tg.tensor(A), tg.tensor(B)), expected)


def test_a_number_takes_the_type_of_the_tensor() -> None:
    halves = tg.tensor([1.0, 2.0], dtype=tg.float16)
    assert tg.add(halves, 2.5).dtype is tg.float16
    assert tg.mul(tg.tensor([1, 2]), 2.5).dtype is tg.float32
    assert tg.add(tg.tensor([1, 2]), True).dtype is tg.int64
    assert tg.div(tg.tensor([1, 2]), 2).dtype is tg.float32
    close(tg.pow(2, tg.tensor([1.0, 3.0])), [2.0, 8.0])


def test_alpha_scales_the_second_operand() -> None:
    close(tg.add(tg.tensor([1.0]), tg.tensor([2.0]), alpha=3), [7.0])
    close(tg.sub(tg.tensor([1]), 2, alpha=3), [-5])


def test_division_rounds_as_told() -> None:
    a, b = tg.tensor([7, -7]), tg.tensor([2, 2])
    close(tg.div(a, b, rounding_mode="trunc"), [3, -3])
    close(tg.div(a, b, rounding_mode="floor"), [3, -4])
    with pytest.raises(RuntimeError, match="found 'up'"):
        tg.div(a, b, rounding_mode="up")


def test_xlogy_is_zero_where_the_factor_is_and_keeps_its_derivative() -> None:
    x = tg.tensor([0.0, 2.0], requires_grad=True)
    y = tg.tensor([3.0, math.e])
    out = tg.xlogy(x, y)
    close(out, [0.0, 2.0])
    out.sum().backward()
    close(x.grad, [math.log(3.0), 1.0])
    close(tg.xlogy(tg.tensor([0.0]), tg.tensor([0.0])), [0.0])


def test_log_sums_of_infinities_are_infinite() -> None:
    low, high = tg.tensor([-math.inf, math.inf]), tg.tensor([-math.inf, math.inf])
    close(tg.logaddexp(low, high), [-math.inf, math.inf])


def test_lerp_meets_both_ends_exactly() -> None:
    a, b = np.array([0.1, 3.0]), np.array([0.7, -1e-3])
    np.testing.assert_array_equal(tg.lerp(tg.tensor(a), tg.tensor(b), 1.0).numpy(), b)
    np.testing.assert_array_equal(
        tg.lerp(tg.tensor(a), tg.tensor(b), tg.tensor([0.0, 1.0], dtype=tg.float64)).numpy(), [a[0], b[1]]
    )


def test_clamp_keeps_the_gradient_at_the_bounds() -> None:
    x = tg.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], requires_grad=True)
    tg.clamp(x, 0, 1).sum().backward()
    close(x.grad, [0.0, 1.0, 1.0, 1.0, 0.0])
    with pytest.raises(RuntimeError, match="At least one of"):
        tg.clamp(x)


def test_ties_share_the_gradient_of_a_maximum() -> None:
    x, y = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor([1.0, 1.0], requires_grad=True)
    tg.maximum(x, y).sum().backward()
    close(x.grad, [0.5, 1.0])
    close(y.grad, [0.5, 0.0])


def test_products_are_added() -> None:
    one, two = tg.tensor([1.0, 1.0]), tg.tensor([2.0, 4.0])
    close(tg.addcmul(one, two, two, value=0.5), [3.0, 9.0])
    close(tg.addcdiv(one, one, two), [1.5, 1.25])


def test_integers_in_place_take_no_fractions() -> None:
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        tg.tensor([1]).add_(0.5)


TORCH: dict[str, Case] = {
    "pow number": lambda m, x, i: x**3,
    "pow tensor": lambda m, x, i: (x.abs() + 1) ** x,
    "pow of number": lambda m, x, i: m.pow(2, x),
    "pow 0": lambda m, x, i: x**0,
    "remainder": lambda m, x, i: m.remainder(x, 0.75),
    "fmod tensor": lambda m, x, i: m.fmod(x, m.full((3,), 0.75)),
    "clamp tensors": lambda m, x, i: m.clamp(x, m.full((3,), -1.0), m.full((3,), 1.0)),
    "clamp_min": lambda m, x, i: m.clamp_min(x, 0.0),
    "lerp tensor": lambda m, x, i: m.lerp(x, x * 2, m.full((3,), 0.25)),
    "rsub": lambda m, x, i: m.rsub(x, 2),
    "div floor": lambda m, x, i: m.div(x, m.full((3,), 0.3), rounding_mode="floor"),
    "integers and floats": lambda m, x, i: i * 1.5,
    "integers divided": lambda m, x, i: i / (i + 1),
    "hypot at 0": lambda m, x, i: m.hypot(x, x * 2),
    "complex": lambda m, x, i: m.complex(x, x * 2),
    "polar": lambda m, x, i: m.polar(x.abs(), x),
    "copysign": lambda m, x, i: m.copysign(x, -1.0),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: m.mul(x, "a"),
        lambda m, x, i: x + m.ones(2),
        lambda m, x, i: (x > 0) - (x > 0),
        lambda m, x, i: m.div(x, 2, rounding_mode="up"),
    ],
    ids=["text", "shapes", "bool difference", "rounding mode"],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_two_numbers_make_a_tensor_where_torch_takes_them() -> None:
    assert tg.add(3, 2.5).item() == 5.5
    assert tg.mul(True, 2).dtype is tg.int64
    assert tg.div(1, 2).item() == 0.5
    assert tg.sub(1, 3).item() == -2
    assert tg.floor_divide(7, 2).item() == 3
    for function in (tg.pow, tg.remainder, tg.maximum):
        with pytest.raises(TypeError):
            function(3, 2)


def test_what_torch_refuses_is_refused() -> None:
    for base in (tg.ones(2, dtype=tg.int8), tg.ones(2, dtype=tg.bool)):
        with pytest.raises(RuntimeError, match="negative integer powers"):
            base**-2
    with pytest.raises(RuntimeError, match="expected dtype float32 for `end` but got dtype float64"):
        tg.lerp(tg.ones(2), tg.ones(2, dtype=tg.float64), 0.5)
    # Nothing is divided where there is nothing.
    assert (tg.ones(0, dtype=tg.int64) // 0).shape == (0,)
    with pytest.raises(RuntimeError, match="ZeroDivision"):
        (tg.ones(1, dtype=tg.int64) // 0).item()
