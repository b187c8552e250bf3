"""Continuous stand-ins for classes, through which gradients flow.

Source: Maddison, Mnih, Teh: The concrete distribution (2017); Jang, Gu, Poole: Categorical reparameterization
with Gumbel-softmax (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.categorical import Categorical
from telegrad.distributions.counts import Chances
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.normal import Normal
from telegrad.distributions.parameters import as_tensors, clamped
from telegrad.distributions.transformed_distribution import TransformedDistribution
from telegrad.distributions.transforms import ExpTransform, SigmoidTransform, StickBreakingTransform
from telegrad.nn.functional.activation import softplus
from telegrad.random import exponential, uniform
from telegrad.tensor import Tensor


class LogitRelaxedBernoulli(Chances):
    """The logit of a relaxed coin.

    Args:
        temperature: how soft; 0 is a coin.
        probs: the probability of 1.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        shape = self._given(probs, logits, validate_args).shape
        (self.temperature,) = as_tensors([temperature])
        super().__init__(shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.temperature = self.temperature
        return new

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        probs = clamped(self.probs)
        drawn = clamped(uniform(self._extended_shape(sample_shape), probs.dtype))
        noise = drawn.log() - (-drawn).log1p()
        return (noise + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        apart = self.logits - self._valid(value) * self.temperature
        return self.temperature.log() + apart - 2 * softplus(apart)


class _Relaxed(TransformedDistribution):
    """A relaxed draw, by its logarithms or logits: its parameters are theirs."""

    @property
    def temperature(self) -> Tensor:
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        return self.base_dist.probs


class RelaxedBernoulli(_Relaxed):
    """A relaxed coin: a number between 0 and 1.

    Args:
        temperature: how soft; 0 is a coin.
        probs: the probability of 1.
        logits: its logit, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed class.

    Args:
        temperature: how soft; 0 is a class.
        probs: the classes' weights along the last dimension.
        logits: their logarithms, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        (self.temperature,) = as_tensors([temperature])
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.temperature = self.temperature
        new._categorical = self._categorical.expand(batch_shape)
        return new

    @property
    def logits(self) -> Tensor:
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        return self._categorical.probs

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = -exponential(self._extended_shape(sample_shape), self.logits.dtype).log()
        scores = (self.logits + noise) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        classes = self._event_shape[0]
        score = self.logits - self._valid(value) * self.temperature
        score = (score - score.logsumexp(-1, keepdim=True)).sum(-1)
        norm = (self.temperature * 0 + classes).lgamma() + (classes - 1) * self.temperature.log()
        return score + norm


class RelaxedOneHotCategorical(_Relaxed):
    """A relaxed class: shares of 1.

    Args:
        temperature: how soft; 0 is a class.
        probs: the classes' weights along the last dimension.
        logits: their logarithms, instead.
        validate_args: look at the arguments.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)


class LogisticNormal(TransformedDistribution):
    """Shares of 1 whose sticks are broken at normal places.

    Args:
        loc: the normal variables' means.
        scale: their standard deviations.
        validate_args: look at the arguments.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args)
        if not base.batch_shape:
            base = base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        return self.base_dist.base_dist.scale
