"""torch.distributions: random variables with densities, draws, and gradients through both.

Everything is composed of operators and recorded. Arguments are looked at as early as that costs no message:
values that are known here raise a ValueError at once, others when the server computes what depends on them.
"""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.distributions import constraints, kl, kl_bounded, kl_pairs, transforms, utils
from telegrad.distributions.categorical import (
    Categorical,
    Multinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from telegrad.distributions.constraint_registry import biject_to, transform_to
from telegrad.distributions.continuous_bernoulli import ContinuousBernoulli
from telegrad.distributions.counts import Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson
from telegrad.distributions.dirichlet import Beta, Dirichlet
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.gamma import Chi2, Exponential, Gamma
from telegrad.distributions.generalized_pareto import GeneralizedPareto
from telegrad.distributions.independent import Independent
from telegrad.distributions.kl import kl_divergence, register_kl
from telegrad.distributions.lkj_cholesky import LKJCholesky
from telegrad.distributions.location_scale import Cauchy, Gumbel, HalfCauchy, Laplace, StudentT, Uniform
from telegrad.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from telegrad.distributions.mixture import MixtureSameFamily
from telegrad.distributions.multivariate_normal import MultivariateNormal
from telegrad.distributions.normal import HalfNormal, LogNormal, Normal
from telegrad.distributions.powers import FisherSnedecor, InverseGamma, Kumaraswamy, Pareto, Weibull
from telegrad.distributions.relaxed import LogisticNormal, RelaxedBernoulli, RelaxedOneHotCategorical
from telegrad.distributions.transformed_distribution import TransformedDistribution
from telegrad.distributions.transforms import *  # noqa: F403  # torch has them here too
from telegrad.distributions.von_mises import VonMises
from telegrad.distributions.wishart import Wishart
from telegrad.recording.registry import absent as _absent

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ContinuousBernoulli",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "ExponentialFamily",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "InverseGamma",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LowRankMultivariateNormal",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "StudentT",
    "TransformedDistribution",
    "Uniform",
    "VonMises",
    "Weibull",
    "Wishart",
    "biject_to",
    "constraints",
    "kl",
    "kl_bounded",
    "kl_divergence",
    "kl_pairs",
    "register_kl",
    "transform_to",
    "transforms",
    "utils",
]
__all__ += transforms.__all__


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.distributions'", "torch.distributions", name)
