"""The continuous Bernoulli distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["ContinuousBernoulli", "ContinuousBernoulli of logits"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


@pytest.mark.parametrize("prob", [0.02, 0.5, 0.8])
def test_draws_have_the_distribution(prob: float) -> None:
    tg.manual_seed(31)
    law = tg.distributions.ContinuousBernoulli(tg.tensor(prob, dtype=tg.float64))

    def cdf(x: np.ndarray) -> np.ndarray:
        if prob == 0.5:
            return x
        return (prob**x * (1 - prob) ** (1 - x) + prob - 1) / (2 * prob - 1)

    drawn = law.sample((4000,)).numpy()
    assert stats.kstest(drawn, cdf).pvalue > 1e-4
    within = tg.linspace(0, 1, 2001, dtype=tg.float64)
    assert tg.trapezoid(law.log_prob(within).exp(), within).item() == pytest.approx(1.0, rel=1e-5)


def test_arguments() -> None:
    d = tg.distributions
    with pytest.raises(ValueError, match="Either `probs` or `logits`"):
        d.ContinuousBernoulli()
    with pytest.raises(ValueError, match="to satisfy the constraint Interval"):
        d.ContinuousBernoulli(1.5)
    assert d.ContinuousBernoulli(tg.tensor([0.2, 0.7])).expand((3, 2)).sample().shape == (3, 2)
    assert d.ContinuousBernoulli(0.3).cdf(tg.tensor([0.0, 1.0])).tolist() == [0.0, 1.0]
