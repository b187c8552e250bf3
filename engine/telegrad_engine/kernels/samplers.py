"""Draws from distributions that take trials: gamma, Dirichlet, von Mises, Poisson, binomial.

Every element has a stream of its own: a trial reads the blocks (trial, element) of the key. What an element
gets depends on its key, its place and its parameters only, not on how long its neighbours tried. All compute
in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telegrad_engine.kernels.random import philox_at
from telegrad_engine.kernels.special import special
from telegrad_proto.errors import InvalidValueError

#: Blocks of four words that an element may read in one trial, and elements that a trial has room for.
_BLOCKS: Final = 2
_ROOM: Final = 1 << 48
#: Where inversion ends and rejection begins, for the mean: below, a search from 0 takes few steps.
_SMALL: Final = 10.0


def _fractions(xp: Any, key: Any, trial: int, places: Any, count: int) -> list[Any]:
    """Even fractions in [0, 1), as float64: so many for each place.

    Shape: places (n,) -> count times (n,)
    """
    seed, offset = (int(word) for word in key)
    drawn: list[Any] = []
    for block in range(-(-count // 2)):
        numbers = places * _BLOCKS + (trial * _ROOM + block)
        words = philox_at(xp, seed, offset, numbers.astype("<u8")).astype("<u8")
        drawn += [((words[:, i] << 21) ^ (words[:, i + 1] >> 11)).astype("<f8") * 2.0**-53 for i in (0, 2)]
    return drawn[:count]


def _until_taken(xp: Any, key: Any, places: Any, count: int, propose: Callable[..., tuple[Any, Any]]) -> Any:
    """What is proposed for each place when it is first taken.

    Args:
        xp: the array module.
        key: of the draw.
        places: where to draw.
        count: fractions that a proposal takes.
        propose: places and fractions in, proposals and whether they are taken out.

    Shape: places (n,) -> (n,)
    """
    out = xp.empty(places.size, "<f8")
    pending = xp.arange(places.size)
    trial = 1  # 0 is for what is drawn once
    while pending.size:
        here = places[pending]
        made, taken = propose(here, *_fractions(xp, key, trial, here, count))
        out[pending[taken]] = made[taken]
        pending = pending[~taken]
        trial += 1
    return out


def _gammas(xp: Any, key: Any, a: Any) -> tuple[Any, Any]:
    """Gamma draws as a pair: the draw is the first times e to the power of the second.

    Source: Marsaglia, Tsang: A simple method for generating gamma variables (2000).
    """
    bad = ~(a >= 0)  # NaN, and what has no distribution, gives NaN
    shape = xp.where(bad | xp.isinf(a), 1.0, a)
    small = shape < 1
    d = xp.where(small, shape + 1, shape) - 1 / 3
    c = 1 / xp.sqrt(9 * d)

    def propose(places: Any, u1: Any, u2: Any, u3: Any) -> tuple[Any, Any]:
        normal = xp.sqrt(-2 * xp.log1p(-u1)) * xp.cos(2 * xp.pi * u2)
        scale = d[places]
        v = (1 + c[places] * normal) ** 3
        positive = v > 0
        v = xp.where(positive, v, 1.0)
        taken = xp.log1p(-u3) < normal**2 / 2 + scale * (1 - v + xp.log(v))
        return scale * v, positive & taken

    made = _until_taken(xp, key, xp.arange(a.size), 3, propose)
    (lift,) = _fractions(xp, key, 0, xp.arange(a.size), 1)
    power = xp.where(small, xp.log1p(-lift) / xp.where(small, shape, 1.0), 0.0)
    made = xp.where(xp.isinf(a) & ~bad, xp.inf, xp.where(bad, xp.nan, made))
    return made, power


def gamma(xp: Any, key: Any, a: Any) -> Any:
    """Draws from the gamma distributions of rate 1; at least the smallest normal number.

    Shape: a (...) -> (...)
    """
    made, power = _gammas(xp, key, a.astype("<f8").reshape(-1))
    least = xp.finfo(a.dtype).tiny
    return xp.maximum(made * xp.exp(power), least).reshape(a.shape).astype(a.dtype)


def dirichlet(xp: Any, key: Any, alpha: Any) -> Any:
    """Draws from the Dirichlet distributions whose parameters lie along the last axis.

    Shape: alpha (..., k) -> (..., k)
    """
    if not alpha.size:
        return alpha.copy()
    made, power = _gammas(xp, key, alpha.astype("<f8").reshape(-1))
    # In logarithms: with small parameters all gammas of a row may be below every number.
    log = (xp.log(made) + power).reshape(alpha.shape)
    shares = xp.exp(log - log.max(axis=-1, keepdims=True))
    shares = shares / shares.sum(axis=-1, keepdims=True)
    return xp.maximum(shares, xp.finfo(alpha.dtype).tiny).astype(alpha.dtype)


def von_mises(xp: Any, key: Any, concentration: Any) -> Any:
    """Angles in [-pi, pi] from the von Mises distributions around 0.

    Shape: concentration (...) -> (...)

    Source: Best, Fisher: Efficient simulation of the von Mises distribution (1979).
    """
    kappa = concentration.astype("<f8").reshape(-1)
    known = xp.isfinite(kappa) & (kappa >= 0)
    flat = known & (kappa < 1e-8)  # all around: what is proposed there would be no number
    k = xp.where(known & ~flat, kappa, 1.0)
    tau = 1 + xp.sqrt(1 + 4 * k**2)
    rho = (tau - xp.sqrt(2 * tau)) / (2 * k)
    r = xp.where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))

    def propose(places: Any, u1: Any, u2: Any, u3: Any) -> tuple[Any, Any]:
        r_ = r[places]
        z = xp.cos(xp.pi * u1)
        f = (1 + r_ * z) / (r_ + z)
        c = k[places] * (r_ - f)
        u2 = 1 - u2  # in (0, 1]: its logarithm is finite
        quick = c * (2 - c) > u2
        taken = quick | (xp.log(xp.where(quick, 1.0, c / u2)) + 1 - c >= 0)
        angle = xp.where(flat[places], xp.pi * u1, xp.arccos(xp.clip(f, -1.0, 1.0)))
        return xp.where(u3 < 0.5, -angle, angle), taken | flat[places]

    made = _until_taken(xp, key, xp.arange(kappa.size), 3, propose)
    made = xp.where(known, made, xp.where(xp.isinf(kappa) & (kappa > 0), 0.0, xp.nan))
    return made.reshape(concentration.shape).astype(concentration.dtype)


def poisson(xp: Any, key: Any, rate: Any) -> Any:
    """Draws from the Poisson distributions of these rates.

    Shape: rate (...) -> (...)

    Raises:
        InvalidValueError: a negative rate.

    Source: Hormann: The transformed rejection method for generating Poisson random variables (1993), PTRS.
    """
    lam = rate.astype("<f8").reshape(-1)
    if bool(xp.any(lam < 0)):
        raise InvalidValueError("invalid Poisson rate, expected rate to be non-negative")
    known = xp.isfinite(lam)
    large = known & (lam >= _SMALL)
    mean = xp.where(large, lam, _SMALL)
    root = xp.sqrt(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    slope = 1.1239 + 1.1328 / (b - 3.4)
    quick = 0.9277 - 3.6224 / (b - 2)
    gammaln = special(xp).gammaln

    def propose(places: Any, u: Any, v: Any) -> tuple[Any, Any]:
        m, a_, b_ = mean[places], a[places], b[places]
        u, v = u - 0.5, 1 - v  # v in (0, 1]: its logarithm is finite
        us = 0.5 - xp.abs(u)
        k = xp.floor((2 * a_ / us + b_) * u + m + 0.43)
        possible = (k >= 0) & ~((us < 0.013) & (v > us))
        safe = xp.where(possible, k, 0.0)
        weight = xp.log(v * slope[places] / (a_ / us**2 + b_))
        taken = weight <= safe * xp.log(m) - m - gammaln(safe + 1)
        return k, ((us >= 0.07) & (v <= quick[places])) | (possible & taken)

    few = xp.where(large | ~known, 0.0, lam)
    made = _chosen(xp, key, large, propose, xp.exp(-few), lambda k, places: few[places] / k)
    made = xp.where(known, made, xp.where(xp.isinf(lam), xp.inf, xp.nan))
    return made.reshape(rate.shape).astype(rate.dtype)


def binomial(xp: Any, key: Any, count: Any, prob: Any) -> Any:
    """Draws from the binomial distributions of so many trials with these chances.

    Shape: count and prob (...) -> (...)

    Raises:
        InvalidValueError: a negative count, or a chance outside [0, 1].

    Source: Hormann: The generation of binomial random variates (1993), BTRS.
    """
    n, chance = (array.astype("<f8").reshape(-1) for array in (count, prob))
    if bool(xp.any(n < 0)) or bool(xp.any((chance < 0) | (chance > 1))):
        raise InvalidValueError("binomial expects count >= 0 and 0 <= prob <= 1")
    known = xp.isfinite(n) & ~xp.isnan(chance)
    n = xp.where(known, n, 0.0)
    turned = chance > 0.5
    p = xp.where(known, xp.where(turned, 1 - chance, chance), 0.0)
    large = n * p >= _SMALL
    size, rate = xp.where(large, n, 40.0), xp.where(large, p, 0.5)
    spread = xp.sqrt(size * rate * (1 - rate))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * rate
    quick = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * spread
    odds = xp.log(rate / (1 - rate))
    mode = xp.floor((size + 1) * rate)
    gammaln = special(xp).gammaln
    top = gammaln(mode + 1) + gammaln(size - mode + 1)

    def propose(places: Any, u: Any, v: Any) -> tuple[Any, Any]:
        n_, a_, b_ = size[places], a[places], b[places]
        u, v = u - 0.5, 1 - v  # v in (0, 1]: its logarithm is finite
        us = 0.5 - xp.abs(u)
        k = xp.floor((2 * a_ / us + b_) * u + n_ * rate[places] + 0.5)
        possible = (k >= 0) & (k <= n_)
        safe = xp.where(possible, k, 0.0)
        weight = xp.log(v * alpha[places] / (a_ / us**2 + b_))
        bound = top[places] - gammaln(safe + 1) - gammaln(n_ - safe + 1)
        taken = weight <= bound + (safe - mode[places]) * odds[places]
        return k, possible & (((us >= 0.07) & (v <= quick[places])) | taken)

    few, share = xp.where(large, 0.0, n), xp.where(large, 0.0, p)
    start = xp.exp(few * xp.log1p(-share))
    made = _chosen(
        xp,
        key,
        large,
        propose,
        start,
        lambda k, places: (few[places] - k + 1) / k * (share[places] / (1 - share[places])),
    )
    made = xp.where(turned, n - made, made)
    return xp.where(known, made, xp.nan).reshape(prob.shape).astype(prob.dtype)


def _chosen(
    xp: Any,
    key: Any,
    large: Any,
    propose: Callable[..., tuple[Any, Any]],
    start: Any,
    ratio: Callable[[int, Any], Any],
) -> Any:
    """Counts: by rejection where the mean is large, else by a search through the probabilities from 0 on.

    Args:
        xp: the array module.
        key: of the draw.
        large: where to reject.
        propose: as `_until_taken` has it.
        start: the probability of 0.
        ratio: the probability of k over that of k - 1, at some places.
    """
    made = xp.zeros(large.shape, "<f8")
    wide = xp.nonzero(large)[0]
    if wide.size:
        made[wide] = _until_taken(xp, key, wide, 2, propose)
    pending = xp.nonzero(~large)[0]
    if not pending.size:
        return made
    (left,) = _fractions(xp, key, 0, pending, 1)
    chance, k = start[pending], 0
    left = left - chance
    while True:
        k += 1
        chance = chance * ratio(k, pending)
        # The sum's rounding must not lead past the last number: what is less than it is nothing.
        further = (left >= 0) & (chance > 1e-18)
        pending, left, chance = pending[further], left[further], chance[further]
        if not pending.size:
            return made
        made[pending] = k
        left = left - chance
