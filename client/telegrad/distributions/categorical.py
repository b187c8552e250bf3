"""Distributions over classes: by number, as ones among zeros, and counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.distributions import constraints
from telegrad.distributions.counts import Binomial
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.parameters import (
    broadcast_all,
    eps_of,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
)
from telegrad.functions.arranging import triangle
from telegrad.functions.sampling import multinomial
from telegrad.making.ranges import arange
from telegrad.nn.functional.products import one_hot
from telegrad.tensor import Tensor
from telegrad.types import Size
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, ShapeError


class _Weights(constraints.Simplex):
    """Shares of 1, once they are divided by their sum."""

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value >= 0).all(-1) & (value.sum(-1) > 0)

    def __repr__(self) -> str:
        return "Simplex()"


class Categorical(Distribution):
    """The number of a class.

    Args:
        probs: the classes' weights along the last dimension; they need not sum to 1.
        logits: their logarithms, instead.
        validate_args: look at the arguments.

    Raises:
        ArgumentError: both or none are given.
        ShapeError: no dimensions.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _dims = {"probs": 1, "logits": 1}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        if (probs is None) == (logits is None):
            raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        if given.ndim < 1:
            raise ShapeError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            if self._validate_args if validate_args is None else validate_args:
                given = self._looked_at("probs", probs, _Weights())
            self.__dict__["probs"] = given / given.sum(-1, keepdim=True)
        else:
            (given,) = self._verified(validate_args, logits=logits)
            self.__dict__["logits"] = given - given.logsumexp(-1, keepdim=True)
        self.__dict__["_seen"] = ("probs", "logits")
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._num_events = self._num_events
        return new

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        return logits_to_probs(self.logits)

    @property
    def _param(self) -> Tensor:
        found: Tensor = self.__dict__["probs" if "probs" in self.__dict__ else "logits"]
        return found

    @property
    def param_shape(self) -> Any:
        return self._param.shape

    @property
    def mean(self) -> Tensor:
        return self._param.detach().sum(-1) * 0 + math.nan

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return self.mean

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = Size(sample_shape)
        with no_grad():
            rows = self.probs.reshape((-1, self._num_events))
            drawn = multinomial(rows, max(shape.numel(), 1), replacement=True).T
            return drawn[: shape.numel()].reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value).to(int64)
        shape = broadcast_all(value, self.logits[..., 0])[0].shape
        logits = self.logits.expand((*shape, self._num_events))
        return logits.gather(-1, value.expand(shape).unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        least = -(2.0**127 if self.logits.dtype.itemsize < 8 else 2.0**1023)
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._num_events
        values = arange(count).reshape((count,) + (1,) * len(self._batch_shape))
        return values.expand((count, *self._batch_shape)) if expand else values


class OneHotCategorical(Distribution):
    """A class, as a one among zeros.

    Args:
        probs: the classes' weights along the last dimension; they need not sum to 1.
        logits: their logarithms, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        shape = self._categorical.param_shape
        super().__init__(self._categorical.batch_shape, shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    @property
    def probs(self) -> Tensor:
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return one_hot(self._categorical.mode, self._event_shape[0]).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = self._categorical.sample(sample_shape)
        return one_hot(drawn, self._event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        value, _ = broadcast_all(self._valid(value), self.logits)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self._event_shape[0]
        corner = triangle(n, n, 0, upper=False) & triangle(n, n, 0, upper=True)
        values = corner.to(self.probs.dtype).reshape((n,) + (1,) * len(self._batch_shape) + (n,))
        return values.expand((n, *self._batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """A class as a one among zeros, whose gradient is that of the probabilities.

    Source: Bengio, Leonard, Courville: Estimating or propagating gradients through stochastic neurons for
    conditional computation (2013).
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(Distribution):
    """How often each class was drawn.

    Args:
        total_count: how many draws.
        probs: the classes' weights along the last dimension; they need not sum to 1.
        logits: their logarithms, instead.
        validate_args: look at the arguments.

    Raises:
        ArgumentError: the number of draws is no integer.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    total_count: int

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise ArgumentError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits, validate_args)
        self._binomial = Binomial(total_count, probs=self._categorical.probs, validate_args=False)
        shape = self._categorical.param_shape
        super().__init__(self._categorical.batch_shape, shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.total_count = self.total_count
        new._categorical = self._categorical.expand(batch_shape)
        new._binomial = Binomial(self.total_count, probs=new._categorical.probs, validate_args=False)
        return new

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def probs(self) -> Tensor:
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        return one_hot(drawn, self._event_shape[0]).sum(0).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._valid(value))
        impossible = (value == 0) & (logits < -1 / eps_of(logits.dtype))
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + (logits.where(~impossible, 0.0) * value).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy.

        Source: Mattner: Entropies of sums of independent gamma random variables, in torch's form
        (torch/distributions/multinomial.py).
        """
        n = self.total_count
        chances = self._binomial.log_prob(self._binomial.enumerate_support(expand=False)[1:]).exp()
        weights = (arange(1, n + 1, dtype=self.probs.dtype) + 1).lgamma()
        shape = (n,) + (1,) * (chances.ndim - 1)
        spread = (chances * weights.reshape(shape)).sum((0, -1))
        return n * self._categorical.entropy() - math.lgamma(n + 1) + spread
