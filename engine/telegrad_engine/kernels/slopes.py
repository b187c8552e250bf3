"""How quantiles of the gamma and the beta distribution move with their parameters.

For a distribution function P with density p, the quantile's slope by a parameter is -(dP/da) / p. Numerator
and denominator share what overflows, so the ratio is integrated itself, over the part of the line below the
quantile or above it, whichever the score does not change its sign in. The substitution makes integrands of
every scale alike.

Source: Figurnov, Mohamed, Mnih: Implicit reparameterization gradients (2018); for the quadrature Takahasi,
Mori: Double exponential formulas for numerical integration (1974).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

from telegrad_engine.kernels.special import special

T = TypeVar("T")

_NODES: Final = 120
#: Below this node the weights are under the resolution of float64.
_FIRST: Final = -3.7
#: Where an exponent has fallen so far, nothing is left to add.
_FAR: Final = 45.0


def bell(
    orders: tuple[int, int],
    first: Callable[[int, int], T],
    second: Callable[[int], T],
    *,
    one: T,
    mul: Callable[[T, Any], T],
    add: Callable[[T, T], T],
) -> T:
    """The partial derivative of exp(g(a, b)), over exp(g(a, b)).

    Args:
        orders: how often by a, and by b.
        first: the derivative of dg/da, i times by a and j times by b.
        second: the derivative of dg/db, j times by b.
        one: the number 1.
        mul: a product, also with a Python number.
        add: a sum.
    """
    known: dict[tuple[int, int], T] = {(0, 0): one}

    def at(m: int, n: int) -> T:
        if (m, n) not in known:
            lower = [(m - 1 - i, n - j, i, j) for i in range(m) for j in range(n + 1)]
            lower = lower or [(0, n - 1 - j, 0, j) for j in range(n)]
            total: T | None = None
            for rest_m, rest_n, i, j in lower:
                ways = math.comb(m - 1, i) * math.comb(n, j) if m else math.comb(n - 1, j)
                term = mul(first(i, j) if m else second(j), at(rest_m, rest_n))
                term = term if ways == 1 else mul(term, ways)
                total = term if total is None else add(total, term)
            assert total is not None, "there is always one lower order"
            known[m, n] = total
        return known[m, n]

    return at(*orders)


def _integrated(xp: Any, scale: Any, far: Any, integrand: Callable[[Any], Any]) -> Any:
    """The integral of a function from 0 to `far`, which falls off on `scale` at first."""
    step = (xp.log(far / scale) - _FIRST) / (_NODES - 1)
    total = xp.zeros(xp.shape(step))
    for k in range(_NODES):
        w = _FIRST + k * step
        fall = xp.exp(-w)
        u = scale * xp.exp(w - fall)
        total += integrand(u) * (u * (1 + fall))
    return total * step


def gamma_slope(xp: Any, a: Any, x: Any, *, order: int) -> Any:
    """-(d/da)^order P(a, x) / p(a, x) for the gamma distribution of rate 1; order 1: the slope of x.

    Shape: a and x broadcast
    """
    dtype = a.dtype
    a, x = (array.astype("<f8") for array in xp.broadcast_arrays(a, x))
    inside = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    a, x = xp.where(inside, a, 1.0), xp.where(inside, x, 1.0)
    functions = special(xp)
    polygammas = [functions.digamma(a)] + [functions.polygamma(i, a) for i in range(1, order)]
    below = x <= xp.maximum(a, 1.0)

    def score(log_t: Any) -> Any:
        parts = [log_t - polygammas[0]] + [-value for value in polygammas[1:]]
        return bell((order, 0), lambda i, j: parts[i], lambda j: parts[0], one=1.0, mul=_mul, add=_add)

    # Below, t stands for x exp(-u); above, for x + v.
    def lower(u: Any) -> Any:
        return xp.exp(x * -xp.expm1(-u) - a * u) * score(xp.log(x) - u)

    def upper(v: Any) -> Any:
        return xp.exp((a - 1) * xp.log1p(v / x) - v) * score(xp.log(x + v))

    down = _integrated(xp, 1 / (xp.abs(a - x) + xp.sqrt(x)), (_FAR + x) / a, lower)
    slope = xp.abs((x - a + 1) / x) + xp.sqrt(xp.abs(a - 1)) / x
    up = _integrated(xp, 1 / (slope + 1 / x), _FAR + 10 * xp.sqrt(x), upper)
    made = xp.where(below, -x * down, up)
    return xp.where(inside, made, xp.nan).astype(dtype)


def beta_slope(xp: Any, x: Any, a: Any, b: Any, *, m: int, n: int) -> Any:
    """-(d/da)^m (d/db)^n P(x) / p(x) for the beta distribution; orders (1, 0): the slope of x by a.

    Shape: x, a and b broadcast
    """
    dtype = x.dtype
    x, a, b = (array.astype("<f8") for array in xp.broadcast_arrays(x, a, b))
    inside = (a > 0) & (b > 0) & (x > 0) & (x < 1) & xp.isfinite(a) & xp.isfinite(b)
    x, a, b = (xp.where(inside, array, other) for array, other in ((x, 0.5), (a, 1.0), (b, 1.0)))
    psi = _polygammas(xp, a, m), _polygammas(xp, b, m + n), _polygammas(xp, a + b, m + n)
    below = x <= a / (a + b)
    # Above, the same integral runs over 1 - t, which has the parameters exchanged.
    near, rest = xp.where(below, a, b), xp.where(below, b, a)
    edge = xp.where(below, x, 1 - x)
    start = xp.log1p(-edge)

    def integrand(u: Any) -> Any:
        near_log, far_log = xp.log(edge) - u, xp.log1p(-edge * xp.exp(-u))
        log_t, log_rest = xp.where(below, near_log, far_log), xp.where(below, far_log, near_log)

        def first(i: int, j: int) -> Any:
            made = psi[2][i + j] - (psi[0][i] if j == 0 else 0.0)
            return made + log_t if i == j == 0 else made

        def second(j: int) -> Any:
            made = psi[2][j] - psi[1][j]
            return made + log_rest if j == 0 else made

        weight = xp.exp((rest - 1) * (far_log - start) - near * u)
        return weight * bell((m, n), first, second, one=1.0, mul=_mul, add=_add)

    odds = edge / (1 - edge)
    slope = xp.abs(near - (rest - 1) * odds) + xp.sqrt(xp.abs(rest - 1) * odds / (1 - edge))
    far = (_FAR - xp.maximum(rest - 1, 0.0) * start) / near
    made = edge * _integrated(xp, 1 / (slope + 1), xp.maximum(far, 4.0), integrand)
    return xp.where(inside, xp.where(below, -made, made), xp.nan).astype(dtype)


def _polygammas(xp: Any, x: Any, count: int) -> list[Any]:
    functions = special(xp)
    return [functions.digamma(x)] + [functions.polygamma(i, x) for i in range(1, count)]


def _mul(a: Any, b: Any) -> Any:
    return a * b


def _add(a: Any, b: Any) -> Any:
    return a + b
