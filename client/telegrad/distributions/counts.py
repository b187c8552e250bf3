"""Distributions of counts: Bernoulli, geometric, binomial, negative binomial, Poisson."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.gamma import Gamma
from telegrad.distributions.parameters import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from telegrad.functions.arithmetic import xlogy
from telegrad.functions.sampling import binomial, poisson
from telegrad.making.ranges import arange
from telegrad.nn.functional.activation import logsigmoid
from telegrad.nn.functional.loss import binary_cross_entropy_with_logits
from telegrad.random import bernoulli, exponential
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class Chances(Distribution):
    """One with a probability, given as it is or as its logit."""

    _dims = {"probs": 0, "logits": 0}

    def _given(self, probs: Any, logits: Any, validate_args: bool | None, **more: Any) -> Tensor:
        if (probs is None) == (logits is None):
            raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
        chance = {"logits": logits} if probs is None else {"probs": probs}
        self._adopt(validate_args, **more, **chance)
        return self._param

    @property
    def _param(self) -> Tensor:
        found: Tensor = self.__dict__["probs" if "probs" in self.__dict__ else "logits"]
        return found

    @lazy_property
    def logits(self) -> Tensor:
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Any:
        return self._param.shape


class Bernoulli(Chances, ExponentialFamily):
    """Ones and zeros.

    Args:
        probs: the probability of 1.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(self._given(probs, logits, validate_args).shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return (self.probs >= 0.5).to(self.probs.dtype).where(self.probs != 0.5, math.nan)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._valid(value))
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return _listed(self, 2, self._param, expand)


def _listed(law: Distribution, count: int, like: Tensor, expand: bool) -> Tensor:
    values = arange(count, dtype=like.dtype).reshape((count,) + (1,) * len(law.batch_shape))
    return values.expand((count, *law.batch_shape)) if expand else values


class Geometric(Chances):
    """The number of failures before the first success.

    Args:
        probs: the probability of success.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(self._given(probs, logits, validate_args).shape, validate_args=validate_args)
        if self._validate_args and probs is not None:
            self.__dict__["probs"] = self._looked_at("probs", self.probs, constraints.positive)

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return self.probs.detach() * 0

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            drawn = exponential(self._extended_shape(sample_shape), self.probs.dtype)
            return (drawn / -(-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        value, probs = broadcast_all(self._valid(value), self.probs)
        # Success for certain after no failure: 0 times the logarithm of 0.
        certain = (probs == 1) & (value == 0)
        failures = value * (-probs.where(~certain, 0.0)).log1p()
        return failures + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Binomial(Chances):
    """The number of successes in so many trials.

    Args:
        total_count: how many trials.
        probs: the probability of success in each.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _dims = {"total_count": 0, "probs": 0, "logits": 0}
    total_count: Tensor

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        shape = self._given(probs, logits, validate_args, total_count=total_count).shape
        self.total_count = self.total_count.to(self._param.dtype)
        super().__init__(shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        ways = (
            (self.total_count + 1).lgamma() - (value + 1).lgamma() - (self.total_count - value + 1).lgamma()
        )
        return value * self.logits + self.total_count * logsigmoid(-self.logits) + ways

    def entropy(self) -> Tensor:
        """The entropy: a sum over all values, whose number is looked at."""
        log_prob = self.log_prob(self.enumerate_support(expand=False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values; their number is looked at.

        Raises:
            NotDefinedError: members of the batch have different numbers.
        """
        most = int(self.total_count.max())
        if int(self.total_count.min()) != most:
            self._has_no("one list of values: inhomogeneous total count")
        return _listed(self, 1 + most, self._param, expand)


class NegativeBinomial(Chances):
    """The number of successes before so many failures.

    Args:
        total_count: how many failures; need not be an integer.
        probs: the probability of success, below 1.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _dims = {"total_count": 0, "probs": 0, "logits": 0}
    total_count: Tensor

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        shape = self._given(probs, logits, validate_args, total_count=total_count).shape
        self.total_count = self.total_count.to(self._param.dtype)
        super().__init__(shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            law = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
            return poisson(law.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        share = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        ways = (self.total_count + value).lgamma() - (1.0 + value).lgamma() - self.total_count.lgamma()
        return share + ways.where(self.total_count + value != 0, 0.0)


class Poisson(ExponentialFamily):
    """The number of independent events.

    Args:
        rate: the mean.
        validate_args: look at the argument.
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _dims = {"rate": 0}
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, rate=rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        rate, value = broadcast_all(self.rate, self._valid(value))
        return xlogy(value, rate) - rate - (value + 1).lgamma()
