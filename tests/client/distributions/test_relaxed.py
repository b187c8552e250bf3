"""Continuous stand-ins for classes."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["RelaxedBernoulli", "RelaxedOneHotCategorical", "LogisticNormal"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_low_temperatures_choose() -> None:
    tg.manual_seed(3)
    drawn = tg.distributions.RelaxedOneHotCategorical(0.01, tg.tensor([0.2, 0.8])).rsample((2000,))
    assert drawn.amax(-1).mean().item() > 0.98
    assert abs(drawn[:, 1].mean().item() - 0.8) < 0.06
    coins = tg.distributions.RelaxedBernoulli(0.01, tg.tensor(0.3)).rsample((2000,))
    assert abs(coins.mean().item() - 0.3) < 0.06
