"""Draws that take trials: distributions beside SciPy's, and what they depend on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from telegrad_engine.kernels import samplers
from telegrad_proto.errors import InvalidValueError
from tests.engine.ops.graphs import Array

COUNT = 20_000
#: A right sampler fails once in so many seeds.
LEAST_P = 1e-6


def key(seed: int, offset: int = 0) -> Array:
    return np.array([seed, offset], "<u8")


def assert_counts(drawn: Array, law: stats.rv_discrete) -> None:
    """Passes where the numbers are distributed by the law, by a chi-squared test of well filled bins."""
    low, high = int(law.ppf(1e-3)), int(law.ppf(1 - 1e-3))
    edges = [low]
    for k in range(low, high + 1):
        if law.cdf(k) - law.cdf(edges[-1] - 1) > 0.01 and law.sf(k) > 0.01:
            edges.append(k + 1)
    bounds = np.array([-np.inf, *edges[1:], np.inf])
    expected = np.diff([law.cdf(b - 1) if np.isfinite(b) else float(b > 0) for b in bounds])
    found = np.histogram(drawn, bins=bounds)[0]
    if len(found) > 1:
        assert stats.chisquare(found, expected * len(drawn)).pvalue > LEAST_P
    assert (drawn == np.round(drawn)).all()


@pytest.mark.parametrize("a", [0.05, 0.7, 1.0, 2.5, 40.0, 1e5])
def test_gammas(a: float) -> None:
    drawn = samplers.gamma(np, key(11), np.full(COUNT, a))
    assert stats.kstest(drawn, stats.gamma(a).cdf).pvalue > LEAST_P


@pytest.mark.parametrize("alpha", [[0.5, 0.5], [2.0, 0.3, 5.0], [0.01, 0.02, 0.03]])
def test_dirichlets(alpha: list[float]) -> None:
    drawn = samplers.dirichlet(np, key(12), np.tile(alpha, (COUNT, 1)))
    np.testing.assert_allclose(drawn.sum(-1), 1.0, rtol=1e-12)
    assert drawn.min() > 0
    for i, a in enumerate(alpha):
        law = stats.beta(a, sum(alpha) - a)
        # Tiny shares are raised to the smallest number; the distribution there is not looked at.
        far = drawn[:, i] > 1e-300
        assert abs(far.mean() - law.sf(1e-300)) < 0.02
        if a >= 0.1:
            assert stats.kstest(drawn[:, i], law.cdf).pvalue > LEAST_P


@pytest.mark.parametrize("rate", [0.1, 3.0, 9.99, 10.0, 37.5, 1e4])
def test_poissons(rate: float) -> None:
    assert_counts(samplers.poisson(np, key(13), np.full(COUNT, rate)), stats.poisson(rate))


@pytest.mark.parametrize("kappa", [1e-7, 0.3, 2.0, 40.0, 1e5])
def test_angles(kappa: float) -> None:
    drawn = samplers.von_mises(np, key(15), np.full(COUNT, kappa))
    assert np.abs(drawn).max() <= np.pi
    assert stats.kstest(drawn, stats.vonmises(kappa).cdf).pvalue > 1e-4


def test_angles_at_the_edges() -> None:
    drawn = samplers.von_mises(np, key(16), np.zeros(COUNT))
    assert stats.kstest(drawn, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-4
    assert samplers.von_mises(np, key(1), np.array([np.inf])).tolist() == [0.0]
    assert np.isnan(samplers.von_mises(np, key(1), np.array([np.nan, -1.0, -np.inf]))).all()


@pytest.mark.parametrize(
    ("count", "prob"), [(1, 0.3), (12, 0.7), (25, 0.5), (40, 0.26), (1000, 0.004), (1000, 0.97), (10**6, 0.4)]
)
def test_binomials(count: int, prob: float) -> None:
    drawn = samplers.binomial(np, key(14), np.full(COUNT, float(count)), np.full(COUNT, prob))
    assert drawn.min() >= 0
    assert drawn.max() <= count
    assert_counts(drawn, stats.binom(count, prob))


def test_edges() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(samplers.gamma(np, key(1), np.array([-1.0, np.nan]))).all()
        assert samplers.gamma(np, key(1), np.array([np.inf, 0.0])).tolist() == [np.inf, np.finfo("f8").tiny]
        assert samplers.poisson(np, key(1), np.array([0.0, np.inf])).tolist() == [0.0, np.inf]
        assert np.isnan(samplers.poisson(np, key(1), np.array([np.nan]))).all()
        n = np.array([0.0, 5.0, 5.0, 1000.0])
        drawn = samplers.binomial(np, key(1), n, np.array([0.3, 0.0, 1.0, 1.0]))
        assert drawn.tolist() == [0.0, 0.0, 5.0, 1000.0]
    with pytest.raises(ValueError, match="invalid Poisson rate"):
        samplers.poisson(np, key(1), np.array([-1.0]))
    with pytest.raises(InvalidValueError, match="0 <= prob <= 1"):
        samplers.binomial(np, key(1), np.array([2.0]), np.array([1.5]))


def test_an_element_depends_on_its_place_and_parameters_only() -> None:
    many = np.linspace(0.1, 50.0, 400)
    for sampler in (samplers.gamma, samplers.poisson, samplers.von_mises):
        whole = sampler(np, key(3, 5), many)
        np.testing.assert_array_equal(sampler(np, key(3, 5), many[:7]), whole[:7])
        changed = many.copy()
        changed[:200] = 0.3
        np.testing.assert_array_equal(sampler(np, key(3, 5), changed)[200:], whole[200:])
        assert not np.array_equal(sampler(np, key(3, 6), many), whole)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_element_types(dtype: str) -> None:
    a = np.full((2, 3), 2.0, dtype)
    assert samplers.gamma(np, key(1), a).dtype == np.dtype(dtype)
    assert samplers.dirichlet(np, key(1), a).dtype == np.dtype(dtype)
    assert samplers.poisson(np, key(1), a).shape == (2, 3)
    assert samplers.dirichlet(np, key(1), np.ones((2, 0))).shape == (2, 0)
