"""Derivatives of arithmetic where they are chosen rather than calculated: ties, zeros, jumps."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.grad.reverse import gradients
from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value
from tests.engine.ops.beside_torch import assert_as_torch
from tests.engine.ops.graphs import numbers

NAN, INF = np.nan, np.inf


@pytest.mark.torch
def test_at_zero() -> None:
    import torch

    zero = np.array([0.0, -0.0, 1.0, -2.0, NAN])
    assert_as_torch("abs", torch.abs, zero)
    assert_as_torch("sign", torch.sign, zero)
    assert_as_torch("abs", torch.abs, np.array([0, 3 + 4j, -2j]), orders=2)
    assert_as_torch("sign", torch.sgn, np.array([0, 3 + 4j, -2j]))
    assert_as_torch("sign", torch.sgn, np.array([3 + 4j, -2j]), orders=2)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_share(name: str) -> None:
    import torch

    a, b = np.array([1.0, 2.0, 3.0, NAN, 1.0]), np.array([1.0, 3.0, 2.0, 1.0, NAN])
    assert_as_torch(name, getattr(torch, name), a, b, orders=2)


@pytest.mark.torch
def test_powers_of_zero() -> None:
    import torch

    base = np.array([0.0, 0.0, 0.0, 2.0, 2.0, -2.0])
    exponent = np.array([0.0, 1.0, 2.0, 0.0, -1.0, 3.0])
    assert_as_torch("pow", torch.pow, base, exponent)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_a_power_of_zero_has_finite_derivatives_of_any_order(exponent: float) -> None:
    """x^n is a polynomial: PyTorch's exponent as a number, which ours is a constant of the graph."""

    def derivative(order: int, x: Value) -> Value:
        if order == 0:
            made: Value = g.pow(x, exponent)
            return made
        with g.tracking():
            return gradients([derivative(order - 1, x)], [None], [x], create_graph=True)[0]

    found = numbers(lambda x: [derivative(order, x) for order in range(6)], [np.array(0.0)])
    factors = [float(np.prod([exponent - k for k in range(order)])) for order in range(6)]
    assert [a.item() for a in found] == [f * (order == exponent) for order, f in enumerate(factors)]


@pytest.mark.torch
def test_the_origin_of_angles_and_lengths() -> None:
    import torch

    a, b = np.array([0.0, 1.0, 0.0, 3.0]), np.array([0.0, 0.0, -1.0, 4.0])
    assert_as_torch("atan2", torch.atan2, a, b)
    assert_as_torch("atan2", torch.atan2, a[1:], b[1:], orders=2)
    assert_as_torch("hypot", torch.hypot, a, b)
    assert_as_torch(
        "copysign", torch.copysign, np.array([0.0, -0.0, 2.0, -3.0]), np.array([1.0, -1.0, -1.0, -0.0])
    )


@pytest.mark.torch
def test_remainders() -> None:
    import torch

    a, b = np.array([7.5, -7.5, 7.5, -7.5]), np.array([4.0, 4.0, -4.0, -4.0])
    assert_as_torch("remainder", torch.remainder, a, b)
    assert_as_torch("fmod", torch.fmod, a, b)
    assert_as_torch("floor_divide", lambda x, y: torch.div(x, y, rounding_mode="floor"), a, b)


@pytest.mark.torch
def test_quotients() -> None:
    import torch

    assert_as_torch("div", torch.div, np.array([1.0, 0.0, -1.0]), np.array([0.0, 0.0, INF]))
    assert_as_torch("div", torch.div, np.array([1 + 2j, 3 - 1j]), np.array([2 - 1j, 1j]), orders=2)
    assert_as_torch("mul", torch.mul, np.array([1 + 2j, 3 - 1j]), np.array([2 - 1j, 1j]), orders=2)
