"""The Kullback-Leibler divergence of distributions of two kinds; imported to register it.

Source: closed forms of the integrals, in torch's form (torch/distributions/kl.py).
"""

from __future__ import annotations

import math

from telegrad.distributions.continuous_bernoulli import ContinuousBernoulli
from telegrad.distributions.counts import Bernoulli, Binomial, Poisson
from telegrad.distributions.dirichlet import Beta
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.gamma import Exponential, Gamma
from telegrad.distributions.kl import EULER, infinite, register_kl
from telegrad.distributions.location_scale import Gumbel, Laplace, Uniform
from telegrad.distributions.normal import Normal
from telegrad.distributions.powers import Pareto
from telegrad.functions.arithmetic import xlogy
from telegrad.tensor import Tensor

_LOG_TAU = math.log(2 * math.pi)

#: What has draws where the other has none.
_APART: tuple[tuple[type[Distribution], tuple[type[Distribution], ...]], ...] = (
    (Beta, (Pareto,)),
    (ContinuousBernoulli, (Pareto,)),
    (Exponential, (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gamma, (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gumbel, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Laplace, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Normal, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Pareto, (Beta, ContinuousBernoulli, Uniform)),
    (Poisson, (Bernoulli, Binomial)),
)


def _nothing_in_common(p: Distribution, q: Distribution) -> Tensor:
    return infinite(p.mean)


for _p, _others in _APART:
    for _q in _others:
        register_kl(_p, _q)(_nothing_in_common)


def _against_exponential(p: Distribution, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


for _p in (Beta, ContinuousBernoulli, Gamma):
    register_kl(_p, Exponential)(_against_exponential)


def _against_normal(p: Distribution, q: Normal) -> Tensor:
    far = p.variance + (p.mean - q.loc).pow(2)
    return -p.entropy() + 0.5 * _LOG_TAU + q.scale.log() + 0.5 * far / q.scale.pow(2)


for _p in (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Uniform):
    register_kl(_p, Normal)(_against_normal)


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, Gamma)
def _beta_gamma(p: Beta, q: Gamma) -> Tensor:
    log_mean = p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    norm = q.concentration.lgamma() - q.concentration * q.rate.log()
    return -p.entropy() + norm - (q.concentration - 1) * log_mean + q.rate * p.mean


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    made = -p.entropy() + (q.high - q.low).log()
    return made.where((q.low <= 0) & (q.high >= 1), math.inf)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Tensor:
    ratio = q.rate / p.rate
    shape = q.concentration
    return -shape * ratio.log() + ratio + shape.lgamma() + shape * EULER - (1 + EULER)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Exponential, q: Gumbel) -> Tensor:
    product, place = p.rate * q.scale, q.loc / q.scale
    return product.log() - 1 - place + place.exp() * product / (product + 1) + product.reciprocal()


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Gamma, q: Gumbel) -> Tensor:
    product, place, shape = p.rate * q.scale, q.loc / q.scale, p.concentration
    first = (shape - 1) * shape.digamma() - shape.lgamma() - shape
    last = place.exp() * (1 + product.reciprocal()).pow(-shape) - place
    return first + product.log() + shape / product + last


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Normal, q: Gumbel) -> Tensor:
    apart = (p.loc - q.loc) / q.scale
    ratio = (p.scale / q.scale).pow(2)
    return -0.5 * ratio.log() + apart + (0.5 * ratio - apart).exp() - 0.5 * (1 + _LOG_TAU)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    apart = p.loc - q.loc
    far = apart / p.scale
    mean = math.sqrt(2 / math.pi) * p.scale * (-0.5 * far * far).exp()
    mean = mean + apart * (math.sqrt(0.5) * far).erf()
    return -(p.scale / q.scale).log() + mean / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


def _inside(made: Tensor, fits: Tensor) -> Tensor:
    return made.where(fits, math.inf)


def _moment(p: Uniform) -> Tensor:
    """The mean logarithm of a uniform variable, times its width."""
    return xlogy(p.high, p.high) - xlogy(p.low, p.low) - (p.high - p.low)


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    width, a, b = p.high - p.low, q.concentration1, q.concentration0
    up, down = 1 - p.low, 1 - p.high
    rest = xlogy(down, down) - xlogy(up, up) + width
    norm = a.lgamma() + b.lgamma() - (a + b).lgamma()
    made = (b - 1) * rest / width + norm - width.log() - (a - 1) * _moment(p) / width
    return _inside(made, (p.high <= 1) & (p.low >= 0))


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Tensor:
    made = q.rate * p.mean - ((p.high - p.low) * q.rate).log()
    return _inside(made, p.low >= 0)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Tensor:
    width, shape = p.high - p.low, q.concentration
    norm = shape.lgamma() - shape * q.rate.log()
    made = -width.log() + norm + (1 - shape) * _moment(p) / width + q.rate * p.mean
    return _inside(made, p.low >= 0)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Uniform, q: Gumbel) -> Tensor:
    narrow = q.scale / (p.high - p.low)
    high, low = (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return narrow.log() + 0.5 * (high + low) - narrow * ((-high).exp() - (-low).exp())
