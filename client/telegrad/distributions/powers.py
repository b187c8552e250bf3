"""Distributions of powers: Weibull, Pareto, Kumaraswamy, inverse gamma; and the ratio of two gammas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.gamma import Exponential, Gamma, floored
from telegrad.distributions.location_scale import Uniform
from telegrad.distributions.transformed_distribution import TransformedDistribution
from telegrad.distributions.transforms import AffineTransform, ExpTransform, PowerTransform
from telegrad.tensor import Tensor

_EULER = 0.5772156649015329


class _Made(TransformedDistribution):
    """A transformed distribution with parameters of its own, which make base and transforms anew."""

    has_rsample = True

    def _make(self, base: Any, transforms: Any, validate_args: bool | None) -> None:
        seen = self.__dict__["_seen"]
        super().__init__(base, transforms, validate_args=validate_args)
        self.__dict__["_seen"] = seen

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        parameters = {name: self.__dict__[name].expand(tuple(batch_shape)) for name in self._dims}
        new = type(self)(**parameters, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def __repr__(self) -> str:
        return Distribution.__repr__(self)

    def _described(self) -> str:
        return Distribution._described(self)


class Weibull(_Made):
    """The Weibull distribution of lifetimes.

    Args:
        scale: of the distribution.
        concentration: the shape parameter.
        validate_args: look at the arguments.
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    _dims = {"scale": 0, "concentration": 0}
    scale: Tensor
    concentration: Tensor

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, scale=scale, concentration=concentration)
        powers = [PowerTransform(self.concentration.reciprocal()), AffineTransform(0, self.scale)]
        self._make(Exponential(self.scale.detach() * 0 + 1, validate_args=False), powers, validate_args)

    def _moment(self, order: int) -> Tensor:
        return (1 + order * self.concentration.reciprocal()).lgamma().exp()

    @property
    def mean(self) -> Tensor:
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Tensor:
        shape = self.concentration
        return self.scale * ((shape - 1) / shape).pow(shape.reciprocal())

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (self._moment(2) - self._moment(1).pow(2))

    def entropy(self) -> Tensor:
        shape = self.concentration
        return _EULER * (1 - shape.reciprocal()) + (self.scale / shape).log() + 1


class Pareto(_Made):
    """The Pareto distribution.

    Args:
        scale: the least value.
        alpha: the power of the tail.
        validate_args: look at the arguments.
    """

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}
    _dims = {"scale": 0, "alpha": 0}
    scale: Tensor
    alpha: Tensor

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, scale=scale, alpha=alpha)
        grown = [ExpTransform(), AffineTransform(0, self.scale)]
        self._make(Exponential(self.alpha, validate_args=False), grown, validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class InverseGamma(_Made):
    """The distribution of the inverse of a gamma variable.

    Args:
        concentration: the gamma variable's shape parameter.
        rate: its rate.
        validate_args: look at the arguments.
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    _dims = {"concentration": 0, "rate": 0}
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, concentration=concentration, rate=rate)
        base = Gamma(self.concentration, self.rate, validate_args=False)
        self._make(base, PowerTransform(-(self.rate.detach() * 0 + 1)), validate_args)

    @property
    def mean(self) -> Tensor:
        made = self.rate / (self.concentration - 1)
        return made.where(self.concentration > 1, math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        c = self.concentration
        made = self.rate.pow(2) / ((c - 1).pow(2) * (c - 2))
        return made.where(c > 2, math.inf)

    def entropy(self) -> Tensor:
        c = self.concentration
        return c + self.rate.log() + c.lgamma() - (1 + c) * c.digamma()


class Kumaraswamy(_Made):
    """The Kumaraswamy distribution on the unit interval.

    Args:
        concentration1: the power inside.
        concentration0: the power outside.
        validate_args: look at the arguments.
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    _dims = {"concentration1": 0, "concentration0": 0}
    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, concentration1=concentration1, concentration0=concentration0)
        zero = self.concentration0.detach() * 0
        transforms = [
            PowerTransform(self.concentration0.reciprocal()),
            AffineTransform(1.0, -1.0),
            PowerTransform(self.concentration1.reciprocal()),
        ]
        self._make(Uniform(zero, zero + 1, validate_args=False), transforms, validate_args)

    def _moment(self, order: int) -> Tensor:
        first, b = 1 + order / self.concentration1, self.concentration0
        return b * (first.lgamma() + b.lgamma() - (first + b).lgamma()).exp()

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        made = ((a - 1) / (a * b - 1)).pow(a.reciprocal())
        return made.where((a >= 1) & (b >= 1), math.nan)

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self._moment(1).pow(2)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        harmonic = (b + 1).digamma() + _EULER
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()


class FisherSnedecor(Distribution):
    """The distribution of the ratio of two mean squares.

    Args:
        df1: degrees of freedom above.
        df2: degrees of freedom below.
        validate_args: look at the arguments.
    """

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _dims = {"df1": 0, "df2": 0}
    df1: Tensor
    df2: Tensor

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, df1=df1, df2=df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return (self.df2 / (self.df2 - 2)).where(self.df2 > 2, math.nan)

    @property
    def mode(self) -> Tensor:
        made = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return made.where(self.df1 > 2, math.nan)

    @property
    def variance(self) -> Tensor:
        a, b = self.df1, self.df2
        made = 2 * b.pow(2) * (a + b - 2) / (a * (b - 2).pow(2) * (b - 4))
        return made.where(b > 4, math.nan)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        above, below = (
            Gamma(0.5 * df, 0.5 * df, validate_args=False).rsample(sample_shape)
            for df in (self.df1, self.df2)
        )
        return floored(above / below)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        norm = (a + b).lgamma() - a.lgamma() - b.lgamma()
        return norm + a * ratio.log() + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()
