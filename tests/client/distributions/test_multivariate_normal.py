"""The normal distribution of vectors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["MultivariateNormal", "MultivariateNormal of precision", "MultivariateNormal of scale"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_draws_have_their_covariance() -> None:
    tg.manual_seed(5)
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    law = tg.distributions.MultivariateNormal(tg.zeros(2, dtype=tg.float64), tg.tensor(covariance))
    drawn = law.sample((20_000,)).numpy()
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), drawn.T)
    for row in whitened:
        assert stats.kstest(row, "norm").pvalue > 1e-6
    assert abs(np.mean(whitened[0] * whitened[1])) < 5.5 / np.sqrt(20_000)
    np.testing.assert_allclose(law.covariance_matrix.numpy(), covariance)
    np.testing.assert_allclose((law.precision_matrix @ law.covariance_matrix).numpy(), np.eye(2), atol=1e-12)


def test_beside_scipy() -> None:
    mean, covariance = np.array([0.3, -1.0, 2.0]), np.diag([1.0, 2.0, 0.5]) + 0.1
    law = tg.distributions.MultivariateNormal(tg.tensor(mean), tg.tensor(covariance))
    same = stats.multivariate_normal(mean, covariance)
    x = np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 3.0]])
    np.testing.assert_allclose(law.log_prob(tg.tensor(x)).numpy(), same.logpdf(x), rtol=1e-12)
    assert law.entropy().item() == pytest.approx(same.entropy())


def test_one_matrix() -> None:
    d, eye = tg.distributions, tg.eye(2)
    with pytest.raises(ValueError, match="Exactly one of covariance_matrix"):
        d.MultivariateNormal(tg.zeros(2), eye, scale_tril=eye)
    with pytest.raises(RuntimeError, match="loc must be at least one-dimensional"):
        d.MultivariateNormal(tg.tensor(0.0), eye)
    with pytest.raises(ValueError, match=r"covariance_matrix .* PositiveDefinite\(\)"):
        d.MultivariateNormal(tg.zeros(2), tg.tensor([[1.0, 2], [2, 1]]))
