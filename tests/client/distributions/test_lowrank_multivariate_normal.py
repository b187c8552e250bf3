"""The normal distribution of vectors with few directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAME = "LowRankMultivariateNormal"
FACTOR = np.array([[0.5, 0.1], [1.0, -0.3], [0.2, 0.7]])


def law() -> tg.distributions.LowRankMultivariateNormal:
    mean, diagonal = tg.zeros(3, dtype=tg.float64), tg.tensor([0.5, 2.0, 0.1], dtype=tg.float64)
    return tg.distributions.LowRankMultivariateNormal(mean, tg.tensor(FACTOR), diagonal)


@pytest.mark.torch
def test_as_torch() -> None:
    assert_as_torch(NAME)


def test_draws() -> None:
    assert_drawn_right(NAME)
    tg.manual_seed(8)
    drawn = law().sample((20_000,)).numpy()
    whitened = np.linalg.solve(np.linalg.cholesky(FACTOR @ FACTOR.T + np.diag([0.5, 2.0, 0.1])), drawn.T)
    for row in whitened:
        assert stats.kstest(row, "norm").pvalue > 1e-6


def test_beside_the_whole_matrix() -> None:
    covariance = FACTOR @ FACTOR.T + np.diag([0.5, 2.0, 0.1])
    x = np.array([[0.0, 0.1, 0.2], [1.0, -2.0, 0.5]])
    same = stats.multivariate_normal(np.zeros(3), covariance)
    np.testing.assert_allclose(law().log_prob(tg.tensor(x)).numpy(), same.logpdf(x), rtol=1e-12)
    assert law().entropy().item() == pytest.approx(same.entropy())
    np.testing.assert_allclose(law().covariance_matrix.numpy(), covariance)
    np.testing.assert_allclose(law().precision_matrix.numpy(), np.linalg.inv(covariance), rtol=1e-10)
    whole = tg.distributions.MultivariateNormal(tg.ones(3, dtype=tg.float64), tg.tensor(covariance))
    wanted = 0.5 * np.ones(3) @ np.linalg.inv(covariance) @ np.ones(3)
    assert tg.distributions.kl_divergence(law(), whole).item() == pytest.approx(wanted)
    assert tg.distributions.kl_divergence(whole, law()).item() == pytest.approx(wanted)


def test_sizes() -> None:
    d = tg.distributions
    with pytest.raises(ValueError, match="cov_factor must be a batch of matrices with shape 2 x m"):
        d.LowRankMultivariateNormal(tg.zeros(2), tg.ones(3, 1), tg.ones(2))
    with pytest.raises(ValueError, match="cov_diag must be a batch of vectors"):
        d.LowRankMultivariateNormal(tg.zeros(2), tg.ones(2, 1), tg.ones(3))
    with pytest.raises(RuntimeError, match="at least two-dimensional"):
        d.LowRankMultivariateNormal(tg.zeros(2), tg.ones(2), tg.ones(2))
    with pytest.raises(ValueError, match="Expected parameter cov_diag"):
        d.LowRankMultivariateNormal(tg.zeros(2), tg.ones(2, 1), tg.tensor([1.0, -1.0]))
