"""Normal, half normal, log normal."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = ["Normal", "HalfNormal", "LogNormal"]
SCIPY = NAMES


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


@pytest.mark.parametrize("name", SCIPY)
def test_as_scipy(name: str) -> None:
    assert_as_scipy(name)


def test_parameters_broadcast_and_take_one_type() -> None:
    law = tg.distributions.Normal(tg.zeros(3, dtype=tg.float64), 2)
    assert law.scale.dtype is tg.float64
    assert law.batch_shape == (3,)
    assert law.rsample((2,)).shape == (2, 3)
    assert tg.distributions.Normal(0, 1).loc.dtype is tg.float32
    with pytest.raises(ValueError, match="must all be instances of Number"):
        tg.distributions.Normal("0", 1)


def test_a_draw_moves_with_its_parameters() -> None:
    loc, scale = (tg.tensor(x, requires_grad=True) for x in (1.0, 2.0))
    drawn = tg.distributions.Normal(loc, scale).rsample()
    drawn.backward()
    assert loc.grad.item() == 1.0
    assert scale.grad.item() == pytest.approx((drawn.item() - 1.0) / 2.0, rel=1e-5)
