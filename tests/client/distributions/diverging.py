"""Pairs of distributions, and what is checked of their divergence."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.distributions import kl

#: By name: the distribution of its parameters, and two rows of these.
FAMILIES: dict[str, tuple[Callable[..., Any], list[Any], list[Any]]] = {
    "Normal": (lambda d, a, b: d.Normal(a, b), [[0.3, -1.0], [1.0, 0.4]], [[0.1, 1.0], [0.7, 2.0]]),
    "HalfNormal": (lambda d, b: d.HalfNormal(b), [[1.0, 0.4]], [[0.7, 2.0]]),
    "Uniform": (
        lambda d, a, b: d.Uniform(a, a + b),
        [[0.3, 0.1], [0.5, 0.6]],
        [[0.2, 0.0], [0.8, 1.0]],
    ),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), [[0.3, -1.0], [1.0, 0.4]], [[0.1, 1.0], [0.7, 2.0]]),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), [[0.3, -1.0], [1.0, 0.4]], [[0.1, 1.0], [0.7, 2.0]]),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), [[0.3, -1.0], [1.0, 0.4]], [[0.1, 1.0], [0.7, 2.0]]),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), [[1.3, 4.0], [1.0, 2.4]], [[2.1, 1.0], [0.7, 2.0]]),
    "Exponential": (lambda d, b: d.Exponential(b), [[1.0, 2.4]], [[0.7, 2.0]]),
    "Beta": (lambda d, a, b: d.Beta(a, b), [[1.3, 4.0], [1.0, 2.4]], [[2.1, 1.0], [0.7, 2.0]]),
    "ContinuousBernoulli": (lambda d, p: d.ContinuousBernoulli(p), [[0.3, 0.9]], [[0.6, 0.4]]),
    "Pareto": (lambda d, a, b: d.Pareto(a, b), [[1.3, 0.7], [3.0, 6.4]], [[0.2, 0.5], [1.7, 4.0]]),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), [[1.3, 4.0, 0.5]], [[2.1, 1.0, 1.5]]),
    "Bernoulli": (lambda d, p: d.Bernoulli(p), [[0.3, 0.9]], [[0.6, 0.5]]),
    "Geometric": (lambda d, p: d.Geometric(p), [[0.3, 0.9]], [[0.6, 0.5]]),
    "Binomial": (lambda d, p: d.Binomial(7, p), [[0.3, 0.9]], [[0.6, 0.5]]),
    "Poisson": (lambda d, b: d.Poisson(b), [[1.0, 12.4]], [[0.7, 10.0]]),
    "Categorical": (lambda d, p: d.Categorical(p), [[0.3, 0.2, 0.5]], [[0.6, 0.1, 0.3]]),
    "OneHotCategorical": (lambda d, p: d.OneHotCategorical(p), [[0.3, 0.2, 0.5]], [[0.6, 0.1, 0.3]]),
    "MultivariateNormal": (
        lambda d, a, m: d.MultivariateNormal(a, m),
        [[0.3, -1.0], [[2.0, 0.5], [0.5, 1.0]]],
        [[0.1, 1.0], [[1.0, 0.2], [0.2, 0.6]]],
    ),
}

#: Those whose pairs are in a module of their own.
BOUNDED = {"ContinuousBernoulli", "Pareto"}
#: Pairs of two kinds that have a formula.
PAIRS = [
    (p, q)
    for p, q in itertools.permutations(sorted(FAMILIES), 2)
    if (getattr(tg.distributions, p), getattr(tg.distributions, q)) in kl._FORMULAS
]


def _outcome(module: Any, p: str, q: str) -> list[np.ndarray[Any, Any]]:
    rows = FAMILIES[p][1], FAMILIES[q][2]
    leaves = [[module.tensor(np.array(x, float), requires_grad=True) for x in row] for row in rows]
    laws = [FAMILIES[name][0](module.distributions, *row) for name, row in zip((p, q), leaves, strict=True)]
    found = module.distributions.kl_divergence(*laws)
    made = [found.detach().numpy()]
    if found.requires_grad and np.isfinite(made[0]).all():
        wrt = [*leaves[0], *leaves[1]]
        for grad in module.autograd.grad(found.sum(), wrt, allow_unused=True):
            made.append(np.zeros(()) if grad is None else grad.numpy())
    return made


def assert_as_torch(p: str, q: str) -> None:
    """Passes where the divergence and its gradients are torch's."""
    torch = pytest.importorskip("torch")
    for a, b in zip(_outcome(tg, p, q), _outcome(torch, p, q), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-11)  # torch has constants in single


def assert_mean_log_ratio(p: str, q: str) -> None:
    """Passes where the divergence is the mean of the densities' log ratio over draws."""
    tg.manual_seed(20240229)
    made, first, _ = FAMILIES[p]
    other, _, second = FAMILIES[q]
    law = made(tg.distributions, *[tg.tensor(np.array(x, float)) for x in first])
    against = other(tg.distributions, *[tg.tensor(np.array(x, float)) for x in second])
    against._validate_args = False
    found = tg.distributions.kl_divergence(law, against).numpy()
    if not np.isfinite(found).all():
        return  # draws outside of the other's support: there is no mean
    drawn = law.sample((20_000,))
    ratio = (law.log_prob(drawn) - against.log_prob(drawn)).numpy()
    error = ratio.std(0) / np.sqrt(len(ratio))
    # Ratios have long tails: 6.5 errors instead of 5.
    assert (np.abs(ratio.mean(0) - found) < 6.5 * error + 1e-9).all(), (ratio.mean(0), found, error)
