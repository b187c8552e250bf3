"""Slopes of quantiles beside differences of SciPy's quantiles, and beside formulas that are known."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from telegrad_engine.kernels import slopes


def difference(f: object, a: float, share: float = 1e-3) -> float:
    """The derivative of a function, by differences of the eighth order."""
    weights = [(1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280)]
    h = share * a
    return sum(w * (f(a + k * h) - f(a - k * h)) for k, w in weights) / h  # type: ignore[operator]


@pytest.mark.parametrize("a", [0.3, 1.0, 4.0, 60.0, 3000.0])
@pytest.mark.parametrize("share", [0.003, 0.4, 0.6, 0.99])
def test_gamma_quantiles(a: float, share: float) -> None:
    x = stats.gamma.ppf(share, a)
    found = slopes.gamma_slope(np, np.array(a), np.array(x), order=1)
    assert found == pytest.approx(difference(lambda b: stats.gamma.ppf(share, b), a), rel=1e-7)


@pytest.mark.parametrize("a", [0.4, 1.5, 50.0])
@pytest.mark.parametrize("b", [0.2, 3.0, 80.0])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_beta_quantiles(a: float, b: float, share: float) -> None:
    x = stats.beta.ppf(share, a, b)
    if 1 - x < 1e-6:
        pytest.skip("too near to 1 for differences")
    by_a = slopes.beta_slope(np, np.array(x), np.array(a), np.array(b), m=1, n=0)
    by_b = slopes.beta_slope(np, np.array(x), np.array(a), np.array(b), m=0, n=1)
    # Differences cannot be better than the quantiles that SciPy gives.
    assert by_a == pytest.approx(difference(lambda c: stats.beta.ppf(share, c, b), a, 1e-2), rel=1e-6)
    assert by_b == pytest.approx(difference(lambda c: stats.beta.ppf(share, a, c), b, 1e-2), rel=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_orders_beside_many_digits(order: int) -> None:
    with mpmath.workdps(40):
        for a, x in [(0.05, 1e-9), (0.5, 2.0), (3.0, 1.0), (200.0, 230.0)]:
            density = mpmath.exp((a - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
            wanted = (
                -mpmath.diff(lambda s, x=x: mpmath.gammainc(s, 0, x, regularized=True), a, order) / density
            )
            found = slopes.gamma_slope(np, np.array(a), np.array(x), order=order)
            assert float(found) == pytest.approx(float(wanted), rel=1e-9)


def test_known_formulas() -> None:
    # The exponential distribution is Beta(a, 1) in -log: x = u^(1/a).
    a, x = np.array([0.2, 1.0, 9.0]), np.array([0.1, 0.5, 0.9])
    found = slopes.beta_slope(np, x, a, np.ones(3), m=1, n=0)
    np.testing.assert_allclose(found, -x * np.log(x) / a, rtol=1e-11)
    # Large gammas are normal: dx/da tends to 1 + z / (2 sqrt a).
    z = np.array([-2.0, 0.0, 2.0])
    a = np.full(3, 1e8)
    x = special.gammaincinv(a, special.ndtr(z))
    np.testing.assert_allclose(slopes.gamma_slope(np, a, x, order=1), 1 + z / (2 * np.sqrt(a)), rtol=1e-7)


def test_outside_there_is_none() -> None:
    with np.errstate(all="ignore"):
        outside = slopes.gamma_slope(np, np.array([-1.0, np.nan, 1.0]), np.array([1.0, 1.0, -1.0]), order=1)
        assert np.isnan(outside).all()
        assert np.isnan(slopes.beta_slope(np, np.array([0.0, 1.0]), np.ones(2), np.ones(2), m=1, n=0)).all()
    for dtype in ("<f2", "<f4"):
        made = slopes.gamma_slope(np, np.ones((2, 1), dtype), np.ones(3, dtype), order=1)
        assert made.dtype == np.dtype(dtype)
        assert made.shape == (2, 3)
