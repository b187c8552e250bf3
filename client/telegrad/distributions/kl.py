"""The Kullback-Leibler divergence: how pairs of distributions find their formula, and the formulas of equals.

Source: closed forms of the integrals, in torch's form (torch/distributions/kl.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad.distributions.categorical import Categorical, OneHotCategorical
from telegrad.distributions.counts import Bernoulli, Binomial, Geometric, Poisson
from telegrad.distributions.dirichlet import Beta, Dirichlet
from telegrad.distributions.distribution import Distribution, NotDefinedError
from telegrad.distributions.exp_family import ExponentialFamily, divergence
from telegrad.distributions.gamma import Exponential, Gamma
from telegrad.distributions.independent import Independent
from telegrad.distributions.location_scale import Cauchy, Gumbel, Laplace, Uniform
from telegrad.distributions.multivariate_normal import MultivariateNormal
from telegrad.distributions.normal import HalfNormal, Normal
from telegrad.distributions.parameters import total_last
from telegrad.distributions.scale_matrix import distance_squared, half_log_det
from telegrad.distributions.transformed_distribution import TransformedDistribution
from telegrad.linalg.solving import solve_triangular
from telegrad.nn.functional.activation import softplus
from telegrad.tensor import Tensor
from telegrad_proto.shapes import broadcast

Formula = Callable[[Any, Any], Tensor]

EULER = 0.5772156649015329
_FORMULAS: dict[tuple[type, type], Formula] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """Makes a function the divergence of these classes, and of those below them that have none of their own.

    Raises:
        TypeError: not classes of distributions.
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not issubclass(kind, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def register(formula: Formula) -> Formula:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p: Any, q: Any) -> Tensor:
    """How many natural units more a code for q takes for draws of p.

    Shape: the batch of p and q

    Raises:
        NotDefinedError: no formula is known.
    """
    for above_p in type(p).__mro__:
        for above_q in type(q).__mro__:
            formula = _FORMULAS.get((above_p, above_q))
            if formula is not None:
                return formula(p, q)
    raise NotDefinedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


def infinite(x: Tensor) -> Tensor:
    """Infinity everywhere."""
    return x.detach() * 0 + math.inf


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = one.where(q.probs != 0, math.inf).where(p.probs != 0, 0.0)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return one + zero.where(q.probs != 1, math.inf).where(p.probs != 1, 0.0)


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.total_count * each).where(p.total_count <= q.total_count, math.inf)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Tensor:
    parts = p.probs * (p.logits - q.logits)
    return parts.where(q.probs != 0, math.inf).where(p.probs != 0, 0.0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p, q)


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    norms = a.sum(-1).lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    means = a.digamma() - a.sum(-1, True).digamma()
    return norms + ((a - b) * means).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    norms = q.concentration * (p.rate / q.rate).log() + q.concentration.lgamma() - p.concentration.lgamma()
    slope = (p.concentration - q.concentration) * p.concentration.digamma()
    return norms + slope + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio = p.scale / q.scale
    apart = (p.loc - q.loc) / q.scale
    return -ratio.log() + apart + ratio * EULER + ((1 + ratio).lgamma() - apart).exp() - (1 + EULER)


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio = p.scale / q.scale
    apart = abs(p.loc - q.loc)
    return -ratio.log() + apart / q.scale + ratio * (-apart / p.scale).exp() - 1


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    far = (p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)
    return far.log() - (4 * p.scale * q.scale).log()


def _widths(p: Tensor, q: Tensor) -> Tensor:
    ratio = (p / q).pow(2)
    return 0.5 * (ratio - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _widths(p.scale, q.scale)


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    return _widths(p.scale, q.scale) + 0.5 * ((p.loc - q.loc) / q.scale).pow(2)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    n = p.event_shape[0]
    a, b = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    lead = broadcast(tuple(a.shape[:-2]), tuple(b.shape[:-2]))
    mixed = solve_triangular(b.expand((*lead, n, n)), a.expand((*lead, n, n)), upper=False)
    spread = mixed.pow(2).sum((-2, -1))
    far = distance_squared(b, q.loc - p.loc)
    return half_log_det(b) - half_log_det(a) + 0.5 * (spread + far - n)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    wider = ((q.high - q.low) / (p.high - p.low)).log()
    return wider.where((q.low <= p.low) & (q.high >= p.high), math.inf)


register_kl(ExponentialFamily, ExponentialFamily)(divergence)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotDefinedError("KL(p || q): the transforms or the events differ")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotDefinedError("KL(p || q): different numbers of dimensions are independent")
    return total_last(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
