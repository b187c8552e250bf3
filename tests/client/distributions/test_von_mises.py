"""The von Mises distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch

LOC, KAPPA = [0.3, -1.2, 4.0], [0.4, 1.7, 800.0]


def law() -> tg.distributions.VonMises:
    return tg.distributions.VonMises(tg.tensor(LOC, dtype=tg.float64), tg.tensor(KAPPA, dtype=tg.float64))


@pytest.mark.torch
def test_as_torch() -> None:
    assert_as_torch("VonMises", rtol=1e-4)  # torch's polynomials have seven digits, their slopes fewer


def test_as_scipy() -> None:
    at = tg.tensor([0.1, 3.0, -2.2], dtype=tg.float64)
    for i, (loc, kappa) in enumerate(zip(LOC, KAPPA, strict=True)):
        wanted = stats.vonmises(kappa, loc).logpdf(at[i].item())
        assert law().log_prob(at)[i].item() == pytest.approx(wanted, rel=1e-9)
        assert law().variance[i].item() == pytest.approx(
            1 - stats.vonmises(kappa).expect(np.cos, lb=-np.pi, ub=np.pi), rel=1e-6
        )


def test_gradients() -> None:
    at = tg.tensor([0.1, 3.0, -2.2], dtype=tg.float64, requires_grad=True)
    leaves = [tg.tensor(x, dtype=tg.float64, requires_grad=True) for x in (LOC, [*KAPPA[:2], 20.0])]
    assert tg.autograd.gradcheck(lambda a, b, x: tg.distributions.VonMises(a, b).log_prob(x), (*leaves, at))


def test_draws() -> None:
    tg.manual_seed(41)
    drawn = law().sample((4000,))
    assert not drawn.requires_grad
    array = drawn.numpy()
    assert (array >= -np.pi).all()
    assert (array <= np.pi).all()
    for i, (loc, kappa) in enumerate(zip(LOC, KAPPA, strict=True)):
        turned = (array[:, i] - loc + np.pi) % (2 * np.pi) - np.pi
        assert stats.kstest(turned, stats.vonmises(kappa).cdf).pvalue > 1e-4, kappa
    with pytest.raises(NotImplementedError):
        law().rsample()
    assert law().expand((2, 3)).sample((5,)).shape == (5, 2, 3)
