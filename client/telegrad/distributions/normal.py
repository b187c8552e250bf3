"""Normal distributions, and what is made of them: half of one, and the exponential of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Centred, Distribution
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.transformed_distribution import TransformedDistribution
from telegrad.distributions.transforms import ExpTransform
from telegrad.random import standard_normal
from telegrad.tensor import Tensor

_LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)


class Normal(Centred, ExponentialFamily):
    """The normal distribution.

    Args:
        loc: the mean.
        scale: the standard deviation.
        validate_args: look at the arguments.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _dims = {"loc": 0, "scale": 0}
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = standard_normal(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + drawn * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        distance = (self._valid(value) - self.loc) / self.scale
        return -(distance * distance) / 2 - self.scale.log() - _LOG_ROOT_TAU

    def cdf(self, value: Tensor) -> Tensor:
        return 0.5 * (1 + ((self._valid(value) - self.loc) / self.scale / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        return 0.5 + _LOG_ROOT_TAU + self.scale.log()


class HalfNormal(Distribution):
    """The absolute value of a normal variable of mean 0.

    Args:
        scale: the normal variable's standard deviation.
        validate_args: look at the arguments.
    """

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _dims = {"scale": 0}
    scale: Tensor

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, scale=scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        return self.scale.detach() * 0

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = standard_normal(self._extended_shape(sample_shape), self.scale.dtype)
        return abs(drawn * self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        distance = value / self.scale
        made = -(distance * distance) / 2 - self.scale.log() - _LOG_ROOT_TAU + math.log(2)
        return made.where(value >= 0, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        return (self._valid(value) / self.scale / math.sqrt(2)).erf()

    def icdf(self, value: Tensor) -> Tensor:
        return self.scale * value.erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        return 0.5 + _LOG_ROOT_TAU + self.scale.log() - math.log(2)


class LogNormal(TransformedDistribution):
    """A variable whose logarithm is normal.

    Args:
        loc: the logarithm's mean.
        scale: the logarithm's standard deviation.
        validate_args: look at the arguments.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        return (self.loc - self.scale.pow(2)).exp()

    @property
    def variance(self) -> Tensor:
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc
