"""The Kullback-Leibler divergence with Pareto and continuous Bernoulli; imported to register it.

Source: closed forms of the integrals, in torch's form (torch/distributions/kl.py).
"""

from __future__ import annotations

import math

from telegrad.distributions.continuous_bernoulli import ContinuousBernoulli
from telegrad.distributions.dirichlet import Beta
from telegrad.distributions.gamma import Exponential, Gamma
from telegrad.distributions.kl import register_kl
from telegrad.distributions.location_scale import Uniform
from telegrad.distributions.normal import Normal
from telegrad.distributions.powers import Pareto
from telegrad.functions.arithmetic import xlogy
from telegrad.tensor import Tensor


def _against_continuous_bernoulli(p: Beta | Uniform, q: ContinuousBernoulli) -> Tensor:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()


register_kl(Beta, ContinuousBernoulli)(_against_continuous_bernoulli)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    norms = p._cont_bern_log_norm() - q._cont_bern_log_norm()
    return p.mean * (p.logits - q.logits) + norms + (-p.probs).log1p() - (-q.probs).log1p()


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    made = -p.entropy() + (q.high - q.low).log()
    return made.where((q.low < 0) & (q.high > 1), math.inf)  # infinite at the bounds too: as torch has it


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    return _against_continuous_bernoulli(p, q).where((p.high < 1) & (p.low > 0), math.inf)


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    made = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return made.where(p.scale >= q.scale, math.inf)


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Pareto, q: Exponential) -> Tensor:
    product = p.scale * q.rate
    made = (p.alpha / product).log() - p.alpha.reciprocal() + p.alpha * product / (p.alpha - 1) - 1
    return made.where(p.alpha > 1, math.inf)


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Pareto, q: Gamma) -> Tensor:
    log_mean = p.scale.log() + p.alpha.reciprocal()
    norm = q.concentration.lgamma() - q.concentration * q.rate.log()
    made = p.alpha.log() - log_mean + norm + (1 - q.concentration) * log_mean
    made = made + q.rate * p.alpha * p.scale / (p.alpha - 1) - 1
    return made.where(p.alpha > 1, math.inf)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Pareto, q: Normal) -> Tensor:
    part = p.scale / (p.alpha - 1)
    spread = p.alpha * part.pow(2) / (p.alpha - 2) + (p.alpha * part - q.loc).pow(2)
    made = (math.sqrt(2 * math.pi) * q.scale * p.alpha / p.scale).log() - p.alpha.reciprocal()
    return (made + 0.5 * spread / q.scale.pow(2) - 1).where(p.alpha > 2, math.inf)


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Uniform, q: Pareto) -> Tensor:
    width = p.high - p.low
    log_mean = (xlogy(p.high, p.high) - xlogy(p.low, p.low) - width) / width
    made = log_mean * (q.alpha + 1) - (q.alpha * q.scale.pow(q.alpha) * width).log()
    return made.where(p.low >= q.scale, math.inf)
