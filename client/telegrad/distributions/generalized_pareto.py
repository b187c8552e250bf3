"""The generalised Pareto distribution of what lies above a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.random import uniform
from telegrad.tensor import Tensor


class GeneralizedPareto(Distribution):
    """The generalised Pareto distribution: exponential, or with a tail, or with an end.

    Args:
        loc: the least value.
        scale: of the distribution.
        concentration: the power of the tail, inverted; 0 is exponential, below it there is an end.
        validate_args: look at the arguments.

    Source: Pickands: Statistical inference using extreme order statistics (1975), in torch's form
    (torch/distributions/generalized_pareto.py).
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _dims = {"loc": 0, "scale": 0, "concentration": 0}
    loc: Tensor
    scale: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, loc=loc, scale=scale, concentration=concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        ends = self.concentration < 0
        end = self.loc - self.scale / self.concentration.where(ends, -1.0)
        return constraints.interval(self.loc, end.where(ends, math.inf))

    def _power(self) -> tuple[Tensor, Tensor]:
        """Where the distribution is exponential, as good as; the concentration, 1 there."""
        flat = abs(self.concentration) <= 1e-8
        return flat, self.concentration.where(~flat, 1.0)

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    @property
    def mean(self) -> Tensor:
        known = self.concentration < 1
        made = self.loc + self.scale / (1 - self.concentration.where(known, 0.5))
        return made.where(known, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        known = self.concentration < 0.5
        power = self.concentration.where(known, 0.25)
        made = self.scale.pow(2) / ((1 - power).pow(2) * (1 - 2 * power))
        return made.where(known, math.nan)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.icdf(uniform(self._extended_shape(sample_shape), self.loc.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        z = self._z(self._valid(value))
        flat, power = self._power()
        factor = power.reciprocal() + 1
        tail = factor * (power * z).log1p()
        # Where the distribution is even, its end is in the support: 0 times infinity.
        return -self.scale.log() - z.where(flat, tail.where(factor != 0, 0.0))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of what is larger."""
        z = self._z(self._valid(value))
        flat, power = self._power()
        return (-z).where(flat, -(power * z).log1p() / power)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of what is not larger."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        flat, power = self._power()
        log = (-value).log1p()
        grown = self.loc + self.scale / power * (-power * log).expm1()
        return (self.loc - self.scale * log).where(flat, grown)

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1
