"""Distributions over classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["Categorical", "Categorical of logits", "OneHotCategorical", "Multinomial"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_classes_are_drawn_by_weight() -> None:
    tg.manual_seed(9)
    weights = np.array([1.0, 0.0, 5.0, 2.0])
    drawn = tg.distributions.Categorical(tg.tensor(weights)).sample((6000,)).numpy()
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == 0
    keep = weights > 0
    assert stats.chisquare(counts[keep], weights[keep] * 6000 / 8).pvalue > 1e-6


def test_straight_through() -> None:
    logits = tg.zeros(3, requires_grad=True)
    drawn = tg.distributions.OneHotCategoricalStraightThrough(logits=logits).rsample()
    assert sorted(drawn.tolist()) == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    (drawn * tg.arange(3.0)).sum().backward()
    assert logits.grad.tolist() == pytest.approx([-1 / 3, 0.0, 1 / 3], abs=1e-6)


def test_what_is_refused() -> None:
    d = tg.distributions
    with pytest.raises(ValueError, match="Either `probs` or `logits`"):
        d.Categorical()
    with pytest.raises(RuntimeError, match="at least one-dimensional"):
        d.Categorical(tg.tensor(1.0))
    with pytest.raises(ValueError, match=r"Expected parameter probs .* Simplex\(\)"):
        d.Categorical(tg.tensor([0.5, -0.5]))
    with pytest.raises(ValueError, match="within the support"):
        d.Categorical(tg.ones(2)).log_prob(tg.tensor(2))
