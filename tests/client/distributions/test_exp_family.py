"""Exponential families: entropy and divergence by the normaliser."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.distributions import ExponentialFamily


class Waiting(ExponentialFamily):
    """The exponential distribution, as a user would write it."""

    _mean_carrier_measure = 0.0

    def __init__(self, rate: tg.Tensor) -> None:
        self.rate = rate
        super().__init__(rate.shape, validate_args=False)

    @property
    def _natural_params(self) -> tuple[tg.Tensor, ...]:
        return (-self.rate,)

    def _log_normalizer(self, *natural_params: tg.Tensor) -> tg.Tensor:
        return -(-natural_params[0]).log()


def test_a_family_of_a_user() -> None:
    d = tg.distributions
    rate = tg.tensor([0.4, 3.0], dtype=tg.float64, requires_grad=True)
    other = tg.tensor([1.0, 2.0], dtype=tg.float64)
    pairs = [
        (Waiting(rate).entropy(), d.Exponential(rate).entropy()),
        (
            d.kl_divergence(Waiting(rate), Waiting(other)),
            d.kl_divergence(d.Exponential(rate), d.Exponential(other)),
        ),
    ]
    for found, wanted in pairs:
        np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(
            tg.autograd.grad(found.sum(), rate)[0].numpy(),
            tg.autograd.grad(wanted.sum(), rate)[0].numpy(),
            rtol=1e-12,
        )


def test_by_the_normaliser() -> None:
    d = tg.distributions
    df = tg.tensor([3.0, 4.5], dtype=tg.float64)
    scale = tg.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=tg.float64)
    for law in (d.Wishart(df, scale), d.ContinuousBernoulli(tg.tensor([0.2, 0.4999, 0.9], dtype=tg.float64))):
        np.testing.assert_allclose(
            ExponentialFamily.entropy(law).detach().numpy(), law.entropy().numpy(), rtol=1e-9, atol=1e-12
        )
    p, q = d.Wishart(df, scale), d.Wishart(df + 1, 2 * scale)
    found = d.kl_divergence(p, q).detach().numpy()
    tg.manual_seed(71)
    drawn = p.sample((20_000,))
    ratio = (p.log_prob(drawn) - q.log_prob(drawn)).numpy()
    assert (np.abs(ratio.mean(0) - found) < 6 * ratio.std(0) / np.sqrt(len(ratio))).all()


@pytest.mark.torch
def test_divergence_as_torch() -> None:
    torch = pytest.importorskip("torch")
    made = []
    for lib in (tg, torch):
        scale = lib.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=lib.float64)
        d = lib.distributions
        made.append(d.kl_divergence(d.Wishart(3.5, scale), d.Wishart(4.0, 2 * scale)).detach().numpy())
    np.testing.assert_allclose(made[0], made[1], rtol=1e-12)


def test_who_belongs() -> None:
    d = tg.distributions
    for name in ("Bernoulli", "Beta", "Dirichlet", "Exponential", "Gamma", "Normal", "Poisson", "Wishart"):
        assert issubclass(getattr(d, name), ExponentialFamily)
    with pytest.raises(NotImplementedError, match="different exponential families"):
        d.kl_divergence(d.Normal(0.0, 1.0), d.Bernoulli(0.5))
    with pytest.raises(NotImplementedError):
        d.Poisson(1.0).entropy()
