"""Dirichlet and beta."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = ["Beta", "Dirichlet"]
SCIPY = ["Beta"]


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


def test_a_beta_draw_moves_as_its_quantile() -> None:
    tg.manual_seed(4)
    a, b = (tg.tensor(x, dtype=tg.float64, requires_grad=True) for x in ([0.5, 3.0], [2.0, 0.8]))
    drawn = tg.distributions.Beta(a, b).rsample()
    found = tg.autograd.grad(drawn.sum(), (a, b))
    at, of = a.detach().numpy(), b.detach().numpy()
    share = stats.beta.cdf(drawn.detach().numpy(), at, of)
    for slope, da, db in zip(found, (1e-4, 0.0), (0.0, 1e-4), strict=True):
        ends = stats.beta.ppf(share, at + da, of + db) - stats.beta.ppf(share, at - da, of - db)
        np.testing.assert_allclose(slope.numpy(), ends / 2e-4, rtol=1e-5)


def test_modes() -> None:
    modes = tg.distributions.Dirichlet(tg.tensor([[2.0, 3.0], [0.5, 0.2]])).mode
    np.testing.assert_allclose(modes.numpy(), [[1 / 3, 2 / 3], [1.0, 0.0]], rtol=1e-6)
    with pytest.raises(RuntimeError, match="at least one-dimensional"):
        tg.distributions.Dirichlet(tg.tensor(1.0))
