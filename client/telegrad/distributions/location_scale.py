"""Distributions of real numbers, moved and stretched: uniform, Laplace, Cauchy, Gumbel, Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.gamma import Chi2
from telegrad.distributions.parameters import as_tensors, broadcast_all, verified
from telegrad.random import exponential, standard_normal, uniform
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

_EULER = 0.5772156649015329


class _LocationScale(Distribution):
    """One with the parameters `loc` and `scale`."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _dims = {"loc": 0, "scale": 0}
    loc: Tensor
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def _standard(self, value: Tensor) -> Tensor:
        return (self._valid(value) - self.loc) / self.scale

    def _even(self, sample_shape: Sequence[int]) -> Tensor:
        return uniform(self._extended_shape(sample_shape), self.loc.dtype)


class Uniform(Distribution):
    """The uniform distribution between two bounds.

    Args:
        low: the lower bound, which is taken.
        high: the upper bound, which is not.
        validate_args: look at the arguments.

    Raises:
        ArgumentError: the bounds, known here, are in the wrong order.
    """

    has_rsample = True
    _dims = {"low": 0, "high": 0}
    low: Tensor
    high: Tensor

    arg_constraints = {
        "low": constraints.dependent(is_discrete=False, event_dim=0),
        "high": constraints.dependent(is_discrete=False, event_dim=0),
    }

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        low, high = as_tensors((low, high))
        if self._validate_args if validate_args is None else validate_args:
            words = "Uniform is not defined when low>= high"
            try:
                high = verified(high, constraints.greater_than(low), lambda: words)
            except ArgumentError:
                raise ArgumentError(words) from None
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return math.nan * self.high

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = uniform(self._extended_shape(sample_shape), self.low.dtype)
        return self.low + drawn * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        inside = ((self.low <= value) & (self.high > value)).to(self.low.dtype)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        return ((self._valid(value) - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()


class Laplace(_LocationScale):
    """The Laplace distribution: exponential on both sides.

    Args:
        loc: the mean.
        scale: the mean distance from it.
        validate_args: look at the arguments.
    """

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return 2**0.5 * self.scale

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        size = exponential(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + self.scale * size.where(self._even(sample_shape) < 0.5, -size)

    def log_prob(self, value: Tensor) -> Tensor:
        return -(2 * self.scale).log() - abs(self._standard(value))

    def cdf(self, value: Tensor) -> Tensor:
        distance = self._standard(value)
        return 0.5 - 0.5 * distance.sign() * (-abs(distance)).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        side = value - 0.5
        return self.loc - self.scale * side.sign() * (-2 * abs(side)).log1p()

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()


class Cauchy(_LocationScale):
    """The Cauchy distribution.

    Args:
        loc: the median.
        scale: half the width at half of the height.
        validate_args: look at the arguments.
    """

    @property
    def mean(self) -> Tensor:
        return self.loc.detach() * 0 + math.nan

    @property
    def variance(self) -> Tensor:
        return self.loc.detach() * 0 + math.inf

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = ((self._even(sample_shape) - 0.5) * math.pi).tan()
        return self.loc + drawn * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        distance = self._standard(value)
        return -math.log(math.pi) - self.scale.log() - (distance * distance).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self._standard(value).atan() / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + self.scale.log()


class HalfCauchy(Distribution):
    """The absolute value of a Cauchy variable of median 0.

    Args:
        scale: the Cauchy variable's.
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
        return self.scale.detach() * 0 + math.inf

    @property
    def mode(self) -> Tensor:
        return self.scale.detach() * 0

    @property
    def variance(self) -> Tensor:
        return self.mean

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = uniform(self._extended_shape(sample_shape), self.scale.dtype)
        return (drawn * (math.pi / 2)).tan() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        distance = value / self.scale
        made = math.log(2 / math.pi) - self.scale.log() - (distance * distance).log1p()
        return made.where(value >= 0, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        return (self._valid(value) / self.scale).atan() * (2 / math.pi)

    def icdf(self, value: Tensor) -> Tensor:
        return (math.pi / 2 * value).tan() * self.scale

    def entropy(self) -> Tensor:
        return math.log(2 * math.pi) + self.scale.log()


class Gumbel(_LocationScale):
    """The Gumbel distribution of extreme values.

    Args:
        loc: the mode.
        scale: of the distribution.
        validate_args: look at the arguments.
    """

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * _EULER

    @property
    def stddev(self) -> Tensor:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = exponential(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc - self.scale * drawn.log()

    def log_prob(self, value: Tensor) -> Tensor:
        y = -self._standard(value)
        return y - y.exp() - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        return (-(-self._standard(value)).exp()).exp()

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + _EULER)


class StudentT(Distribution):
    """Student's t distribution, moved and stretched.

    Args:
        df: degrees of freedom.
        loc: the mean, where there is one.
        scale: of the distribution.
        validate_args: look at the arguments.
    """

    arg_constraints = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True
    _dims = {"df": 0, "loc": 0, "scale": 0}
    df: Tensor
    loc: Tensor
    scale: Tensor

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, df=df, loc=loc, scale=scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc.where(self.df > 1, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        enough = self.df > 2
        made = self.scale.pow(2) * self.df / (self.df - 2).where(enough, 1.0)
        rest = (self.df * 0 + math.inf).where(self.df > 1, math.nan)
        return made.where(enough, rest)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = standard_normal(self._extended_shape(sample_shape), self.df.dtype)
        spread = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * drawn * (spread / self.df).rsqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        distance = (self._valid(value) - self.loc) / self.scale
        norm = self.scale.log() + 0.5 * self.df.log() + self._log_beta()
        tail = (distance * distance / self.df).log1p()
        return -0.5 * (self.df + 1) * tail - norm

    def _log_beta(self) -> Tensor:
        return (0.5 * self.df).lgamma() + 0.5 * math.log(math.pi) - (0.5 * (self.df + 1)).lgamma()

    def entropy(self) -> Tensor:
        more = 0.5 * (self.df + 1)
        slope = more.digamma() - (0.5 * self.df).digamma()
        return self.scale.log() + more * slope + 0.5 * self.df.log() + self._log_beta()
