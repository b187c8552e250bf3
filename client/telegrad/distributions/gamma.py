"""Distributions of positive numbers: gamma, chi-squared, exponential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.parameters import tiny_of
from telegrad.functions.arithmetic import igamma, xlogy
from telegrad.functions.sampling import standard_gamma
from telegrad.random import exponential
from telegrad.tensor import Tensor


class Gamma(ExponentialFamily):
    """The gamma distribution.

    Args:
        concentration: the shape parameter.
        rate: the inverse of the scale.
        validate_args: look at the arguments.
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _dims = {"concentration": 0, "rate": 0}
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, concentration=concentration, rate=rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        drawn = standard_gamma(self.concentration.expand(shape)) / self.rate
        return floored(drawn)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        return (
            xlogy(self.concentration, self.rate)
            + xlogy(self.concentration - 1, value)
            - self.rate * value
            - self.concentration.lgamma()
        )

    def cdf(self, value: Tensor) -> Tensor:
        return igamma(self.concentration, self.rate * self._valid(value))

    def entropy(self) -> Tensor:
        return (
            self.concentration
            - self.rate.log()
            + self.concentration.lgamma()
            + (1 - self.concentration) * self.concentration.digamma()
        )


def floored(drawn: Tensor) -> Tensor:
    """Positive draws, none of which rounding made 0; the gradient is theirs."""
    least: Tensor = drawn.detach().clamp(min=tiny_of(drawn.dtype))
    return drawn + (least - drawn.detach()) if drawn.requires_grad else least


class Chi2(Gamma):
    """The distribution of the sum of squares of standard normal variables.

    Args:
        df: how many; need not be an integer.
        validate_args: look at the argument.
    """

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = self._verified(validate_args, df=df)
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        return self.concentration * 2


class Exponential(ExponentialFamily):
    """The exponential distribution.

    Args:
        rate: the inverse of the mean.
        validate_args: look at the argument.
    """

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _dims = {"rate": 0}
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, rate=rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        return self.rate.detach() * 0

    @property
    def stddev(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return exponential(self._extended_shape(sample_shape), self.rate.dtype) / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        return self.rate.log() - self.rate * self._valid(value)

    def cdf(self, value: Tensor) -> Tensor:
        return -(-self.rate * self._valid(value)).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        return -(-value).log1p() / self.rate

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()
