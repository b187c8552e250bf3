"""Distributions of counts."""

from __future__ import annotations

import math

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = [
    "Bernoulli",
    "Bernoulli of logits",
    "Geometric",
    "Geometric of logits",
    "Binomial",
    "Binomial of logits",
    "NegativeBinomial",
    "Poisson",
]
SCIPY = ["Bernoulli", "Geometric", "Binomial", "NegativeBinomial", "Poisson"]


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


def test_one_of_two_parameters() -> None:
    for kind in (tg.distributions.Bernoulli, tg.distributions.Geometric, tg.distributions.Binomial):
        with pytest.raises(ValueError, match="Either `probs` or `logits` must be specified, but not both"):
            kind()
    with pytest.raises(NotImplementedError, match="inhomogeneous total count"):
        tg.distributions.Binomial(tg.tensor([1.0, 2.0]), 0.5).enumerate_support()
    with pytest.raises(NotImplementedError, match="has no mean carrier"):
        tg.distributions.Poisson(1.0).entropy()
    with pytest.raises(ValueError, match="probs"):
        tg.distributions.Geometric(0.0)


def test_certain_success() -> None:
    law = tg.distributions.Geometric(tg.tensor([1.0, 0.5]))
    assert law.log_prob(tg.tensor([0.0, 1.0])).tolist() == pytest.approx([0.0, math.log(0.25)])
