from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close, fail_alike

POSITIVE = np.array([0.25, 1.0, 2.0, 7.5])
INSIDE = np.array([-0.9, -0.25, 0.0, 0.5])

NUMPY: list[tuple[str, np.ndarray[Any, Any], Callable[[Any], Any]]] = [
    ("exp", INSIDE, np.exp),
    ("expm1", INSIDE, np.expm1),
    ("exp2", INSIDE, np.exp2),
    ("log", POSITIVE, np.log),
    ("log1p", POSITIVE, np.log1p),
    ("log2", POSITIVE, np.log2),
    ("log10", POSITIVE, np.log10),
    ("sqrt", POSITIVE, np.sqrt),
    ("rsqrt", POSITIVE, lambda x: 1 / np.sqrt(x)),
    ("sin", INSIDE, np.sin),
    ("cos", INSIDE, np.cos),
    ("tan", INSIDE, np.tan),
    ("arcsin", INSIDE, np.arcsin),
    ("acos", INSIDE, np.arccos),
    ("atan", POSITIVE, np.arctan),
    ("sinh", INSIDE, np.sinh),
    ("cosh", INSIDE, np.cosh),
    ("tanh", INSIDE, np.tanh),
    ("asinh", POSITIVE, np.arcsinh),
    ("acosh", POSITIVE + 1, np.arccosh),
    ("atanh", INSIDE, np.arctanh),
    ("sigmoid", INSIDE, lambda x: 1 / (1 + np.exp(-x))),
    ("floor", INSIDE * 10, np.floor),
    ("ceil", INSIDE * 10, np.ceil),
    ("trunc", INSIDE * 10, np.trunc),
    ("round", np.array([0.5, 1.5, -2.5]), np.round),
    ("frac", INSIDE * 10, lambda x: x - np.trunc(x)),
    ("square", INSIDE, np.square),
    ("reciprocal", POSITIVE, np.reciprocal),
    ("sign", INSIDE, np.sign),
    ("abs", INSIDE, np.abs),
    ("neg", INSIDE, np.negative),
    ("deg2rad", INSIDE, np.deg2rad),
    ("rad2deg", INSIDE, np.rad2deg),
    ("sinc", INSIDE, np.sinc),
    ("logit", np.array([0.1, 0.5, 0.9]), lambda x: np.log(x / (1 - x))),
    ("isnan", np.array([np.nan, 1.0]), np.isnan),
    ("isinf", np.array([np.inf, 1.0]), np.isinf),
    ("isfinite", np.array([np.inf, 1.0]), np.isfinite),
    ("signbit", np.array([-0.0, 0.0, -1.0]), np.signbit),
]


@pytest.mark.parametrize(("name", "values", "expected"), NUMPY, ids=[name for name, *_ in NUMPY])
def test_it_is_numpys(name: str, values: np.ndarray[Any, Any], expected: Callable[[Any], Any]) -> None:
    close(getattr(tg, name)(tg.tensor(values)), expected(values))
    close(getattr(tg.tensor(values), name)(), expected(values))


def test_special_functions_have_known_values() -> None:
    close(tg.lgamma(tg.tensor([1.0, 5.0])), [0.0, math.log(24)])
    close(tg.erf(tg.tensor([0.0, 1.0])), [0.0, math.erf(1)])
    close(tg.erfinv(tg.erf(tg.tensor([0.3]))), [0.3])
    close(tg.digamma(tg.tensor([1.0])), [-0.5772157])
    close(tg.polygamma(1, tg.tensor([1.0])), [math.pi**2 / 6])
    close(tg.tensor([1.0]).polygamma(1), [math.pi**2 / 6])
    close(tg.mvlgamma(tg.tensor([3.0]), 1), [math.log(2)])


def test_integers_become_floating_point_where_the_result_is_no_integer() -> None:
    numbers = tg.tensor([1, 4])
    assert tg.sqrt(numbers).dtype is tg.float32
    assert tg.floor(numbers).dtype is tg.int64
    assert tg.square(numbers).dtype is tg.int64


def test_in_place_writes_into_the_tensor() -> None:
    x = tg.tensor([0.25, 4.0])
    assert x.sqrt_() is x
    close(x, [0.5, 2.0])
    close(x.neg_(), [-0.5, -2.0])


def test_rounding_takes_digits() -> None:
    close(tg.round(tg.tensor([1.2345, 678.9]), decimals=2), [1.23, 678.9])
    close(tg.round(tg.tensor([1.2345, 678.9]), decimals=-2), [0.0, 700.0])


def test_nan_and_infinity_get_numbers() -> None:
    x = tg.tensor([math.nan, math.inf, -math.inf, 1.0])
    close(tg.nan_to_num(x, nan=0.5, posinf=2.0, neginf=-2.0), [0.5, 2.0, -2.0, 1.0])


def test_a_bool_has_no_sign_to_change() -> None:
    with pytest.raises(RuntimeError, match=r"`-` operator, on a bool tensor is not supported"):
        tg.neg(tg.tensor([True]))


TORCH: dict[str, Case] = {
    "abs": lambda m, x, i: x.abs(),
    "sgn": lambda m, x, i: m.sgn(x),
    "sinc": lambda m, x, i: m.sinc(x),
    "round": lambda m, x, i: m.round(x, decimals=1),
    "logit": lambda m, x, i: m.logit(x, eps=0.1),
    "rad2deg": lambda m, x, i: m.rad2deg(x),
    "sigmoid": lambda m, x, i: m.sigmoid(x),
    "reciprocal": lambda m, x, i: m.reciprocal(x + 10),
    "nan_to_num": lambda m, x, i: m.nan_to_num(m.log(x)),
    "fill": lambda m, x, i: m.fill(x, 3.0),
    "clone": lambda m, x, i: x.clone(),
    "sqrt of integers": lambda m, x, i: m.sqrt(i),
    "square": lambda m, x, i: m.square(x),
    "frac": lambda m, x, i: m.frac(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [lambda m, x, i: m.sin(2.0), lambda m, x, i: m.neg(x > 0), lambda m, x, i: m.positive(x > 0)],
    ids=["sin of a number", "neg of bool", "positive of bool"],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_edges() -> None:
    zero = tg.tensor([-0.0], requires_grad=True)
    tg.logit(zero).sum().backward()
    assert zero.grad is not None
    assert zero.grad.item() == math.inf
    assert tg.lgamma(tg.tensor(-math.inf)).item() == math.inf
    # In half precision the sine of pi x takes x as it is, not pi x rounded.
    assert tg.sinc(tg.tensor(-3.86328125, dtype=tg.float16)).item() == pytest.approx(-0.0343, rel=1e-3)
