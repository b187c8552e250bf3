"""The Wishart distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["Wishart", "Wishart of scale"]
SCALE = np.array([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


@pytest.mark.parametrize("df", [1.3, 6.0])
@pytest.mark.filterwarnings("ignore:Low df values")
def test_draws_have_the_distribution(df: float) -> None:
    tg.manual_seed(51)
    law = tg.distributions.Wishart(tg.tensor(df, dtype=tg.float64), tg.tensor(SCALE))
    drawn = law.sample((4000,)).numpy()
    for way in ([1.0, 0.0], [0.4, -1.7]):
        a = np.array(way)
        along = (drawn @ a) @ a / (a @ SCALE @ a)
        assert stats.kstest(along, stats.chi2(df).cdf).pvalue > 1e-4
    # One over an element of the inverse has fewer degrees of freedom.
    rest = np.linalg.det(SCALE) / SCALE[0, 0]
    last = np.linalg.det(drawn) / drawn[:, 0, 0] / rest
    assert stats.kstest(last, stats.chi2(df - 1).cdf).pvalue > 1e-4


def test_as_scipy() -> None:
    x = np.array([[3.0, 0.2], [0.2, 2.0]])
    made = {
        "covariance_matrix": SCALE,
        "precision_matrix": np.linalg.inv(SCALE),
        "scale_tril": np.linalg.cholesky(SCALE),
    }
    wanted = stats.wishart(5, SCALE)
    for name, matrix in made.items():
        law = tg.distributions.Wishart(5.0, **{name: tg.tensor(matrix)})
        assert law.log_prob(tg.tensor(x)).item() == pytest.approx(wanted.logpdf(x), rel=1e-12)
        assert law.entropy().item() == pytest.approx(wanted.entropy(), rel=1e-12)
        np.testing.assert_allclose(law.mean.numpy(), wanted.mean())
        np.testing.assert_allclose(law.variance.numpy(), wanted.var())
        np.testing.assert_allclose(law.mode.numpy(), wanted.mode())
        for each, value in made.items():
            np.testing.assert_allclose(getattr(law, each).numpy(), value, rtol=1e-10)


def test_draws_move_with_the_parameters() -> None:
    factor = tg.tensor(np.linalg.cholesky(SCALE), requires_grad=True)

    def drawn(factor: tg.Tensor) -> tg.Tensor:
        tg.manual_seed(52)
        return tg.distributions.Wishart(3.0, scale_tril=factor, validate_args=False).rsample((5,)).sum(0)

    assert tg.autograd.gradcheck(drawn, (factor,))
    df = tg.tensor(3.0, dtype=tg.float64, requires_grad=True)
    tg.manual_seed(53)
    mean = tg.distributions.Wishart(df, tg.tensor(SCALE)).rsample((4000,)).mean(0)
    for i in range(2):  # the mean is df times the scale
        (slope,) = tg.autograd.grad(mean[i, i], df, retain_graph=True)
        assert slope.item() == pytest.approx(SCALE[i, i], rel=0.1)


def test_arguments() -> None:
    d, eye = tg.distributions, tg.eye(2)
    with pytest.raises(AssertionError, match="Exactly one of"):
        d.Wishart(3.0)
    with pytest.raises(ValueError, match="at least two-dimensional"):
        d.Wishart(3.0, tg.ones(2))
    with pytest.raises(ValueError, match="expected to be greater than ndim - 1 = 1"):
        d.Wishart(1.0, eye)
    with pytest.warns(UserWarning, match="Low df values"):
        d.Wishart(1.5, eye)
    assert d.Wishart(tg.tensor([3.0, 4.0]), eye).expand((3, 2)).sample((4,)).shape == (4, 3, 2, 2, 2)
