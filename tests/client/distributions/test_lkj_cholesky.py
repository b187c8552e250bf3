"""The LKJ distribution of correlation matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right


@pytest.mark.torch
def test_as_torch() -> None:
    assert_as_torch("LKJCholesky")


def test_draws() -> None:
    assert_drawn_right("LKJCholesky")


@pytest.mark.parametrize(("dim", "eta"), [(2, 0.7), (3, 1.0), (4, 5.0)])
def test_correlations_have_their_distribution(dim: int, eta: float) -> None:
    tg.manual_seed(61)
    law = tg.distributions.LKJCholesky(dim, tg.tensor(eta, dtype=tg.float64))
    factor = law.sample((4000,)).numpy()
    whole = factor @ factor.transpose(0, 2, 1)
    np.testing.assert_allclose(np.diagonal(whole, 0, 1, 2), 1, rtol=1e-12)
    shape = eta - 1 + dim / 2
    for i in range(dim):
        for j in range(i):
            drawn = whole[:, i, j] / 2 + 0.5
            assert stats.kstest(drawn, stats.beta(shape, shape).cdf).pvalue > 1e-4, (i, j)


def test_density() -> None:
    law = tg.distributions.LKJCholesky(2, tg.tensor(1.7, dtype=tg.float64))
    r = tg.linspace(-0.9999, 0.9999, 4001, dtype=tg.float64)
    one, zero = tg.ones_like(r), tg.zeros_like(r)
    factor = tg.stack([tg.stack([one, zero], -1), tg.stack([r, (1 - r * r).sqrt()], -1)], -2)
    # The slope of the correlation along the factor's free element is 1.
    assert tg.trapezoid(law.log_prob(factor).exp(), r).item() == pytest.approx(1.0, rel=1e-4)


def test_arguments() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        tg.distributions.LKJCholesky(1)
    with pytest.raises(ValueError, match="to satisfy the constraint"):
        tg.distributions.LKJCholesky(3, -1.0)
    law = tg.distributions.LKJCholesky(3, tg.tensor([1.0, 2.0]))
    assert law.expand((4, 2)).sample((5,)).shape == (5, 4, 2, 3, 3)
    with pytest.raises(NotImplementedError):
        law.rsample()
