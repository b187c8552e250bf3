"""Divergences with Pareto and continuous Bernoulli: beside torch, and by their definition."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.diverging import BOUNDED, PAIRS, assert_as_torch, assert_mean_log_ratio

MINE = [pair for pair in PAIRS if BOUNDED & set(pair)]


@pytest.mark.torch
@pytest.mark.parametrize(("p", "q"), MINE)
def test_as_torch(p: str, q: str) -> None:
    assert_as_torch(p, q)


@pytest.mark.parametrize(("p", "q"), MINE)
def test_by_definition(p: str, q: str) -> None:
    assert_mean_log_ratio(p, q)


def test_supports() -> None:
    d = tg.distributions
    inside, above = d.Uniform(0.2, 0.7), d.Uniform(2.0, 3.0)
    assert d.kl_divergence(inside, d.ContinuousBernoulli(0.3)).isfinite()
    assert d.kl_divergence(above, d.ContinuousBernoulli(0.3)).isinf()
    assert d.kl_divergence(above, d.Pareto(1.0, 2.0)).isfinite()
    assert d.kl_divergence(inside, d.Pareto(1.0, 2.0)).isinf()
    assert d.kl_divergence(d.ContinuousBernoulli(0.3), d.Uniform(-1.0, 2.0)).isfinite()
    assert d.kl_divergence(d.Pareto(1.0, 2.0), d.Pareto(2.0, 2.0)).isinf()
    assert d.kl_divergence(d.Pareto(1.0, 0.5), d.Exponential(1.0)).isinf()
