"""Gamma, chi-squared, exponential."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = ["Gamma", "Chi2", "Exponential"]
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


def test_a_draw_moves_as_its_quantile() -> None:
    tg.manual_seed(3)
    a = tg.tensor([0.3, 2.0, 40.0], dtype=tg.float64, requires_grad=True)
    drawn = tg.distributions.Gamma(a, 2.0).rsample()
    (slope,) = tg.autograd.grad(drawn.sum(), a, create_graph=True)
    at, share = a.detach().numpy(), stats.gamma.cdf(drawn.detach().numpy() * 2, a.detach().numpy())
    step = 1e-4 * at
    wanted = (stats.gamma.ppf(share, at + step) - stats.gamma.ppf(share, at - step)) / (2 * step) / 2
    np.testing.assert_allclose(slope.detach().numpy(), wanted, rtol=1e-6)
    (bend,) = tg.autograd.grad(slope.sum(), a)
    step = 1e-2 * at
    ends = stats.gamma.ppf(share, at + step) + stats.gamma.ppf(share, at - step)
    wanted = (ends - 2 * stats.gamma.ppf(share, at)) / step**2 / 2
    np.testing.assert_allclose(bend.numpy(), wanted, rtol=1e-3)


@pytest.mark.torch
def test_a_draw_moves_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    a, x = np.array([0.2, 1.0, 5.0, 60.0]), np.array([0.01, 2.0, 4.0, 55.0])
    mine = tg._standard_gamma_grad(tg.tensor(a), tg.tensor(x)).numpy()
    theirs = torch._standard_gamma_grad(torch.tensor(a), torch.tensor(x)).numpy()
    np.testing.assert_allclose(mine, theirs, rtol=2e-3)  # torch's own has three digits in places
