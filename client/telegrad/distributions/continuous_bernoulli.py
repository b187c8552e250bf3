"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.counts import Chances
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.parameters import broadcast_all, clamped, lazy_property, logits_to_probs
from telegrad.nn.functional.loss import binary_cross_entropy_with_logits
from telegrad.random import uniform
from telegrad.tensor import Tensor


class ContinuousBernoulli(Chances, ExponentialFamily):
    """Numbers between 0 and 1 with density proportional to p^x (1 - p)^(1 - x).

    Args:
        probs: p, which is not the mean.
        logits: its logit, instead.
        lims: between these p is so near to 1/2 that series are taken.
        validate_args: look at the arguments.

    Source: Loaiza-Ganem, Cunningham: The continuous Bernoulli (NeurIPS 2019), in torch's form
    (torch/distributions/continuous_bernoulli.py).
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0.0

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        shape = self._given(probs, logits, validate_args).shape
        if "probs" in self.__dict__:
            self.probs = clamped(self.probs)
        self._lims = lims
        super().__init__(shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._lims = self._lims
        return new

    @lazy_property
    def probs(self) -> Tensor:
        return clamped(logits_to_probs(self.logits, is_binary=True))

    def _stable(self) -> Tensor:
        """Where the closed forms lose no digits."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Where the closed forms hold; p there, something near elsewhere; its logit, negative; p less 1/2."""
        stable = self._stable()
        cut = self.probs.where(stable, self._lims[0])
        return stable, cut, (-cut).log1p() - cut.log(), self.probs - 0.5

    def _cont_bern_log_norm(self) -> Tensor:
        stable, cut, turned, away = self._parts()
        square = away.pow(2)
        series = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * square) * square
        norm: Any = abs(turned).log() - abs(1 - 2 * cut).log()
        return norm.where(stable, series)

    @property
    def mean(self) -> Tensor:
        stable, cut, turned, away = self._parts()
        series = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * away.pow(2)) * away
        return (cut / (2.0 * cut - 1.0) + turned.reciprocal()).where(stable, series)

    @property
    def variance(self) -> Tensor:
        stable, cut, turned, away = self._parts()
        square = away.pow(2)
        series = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * square) * square
        closed = cut * (cut - 1.0) / (1.0 - 2.0 * cut).pow(2) + turned.pow(-2)
        return closed.where(stable, series)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.icdf(uniform(self._extended_shape(sample_shape), self.probs.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._valid(value))
        return self._cont_bern_log_norm() - binary_cross_entropy_with_logits(logits, value, reduction="none")

    def cdf(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        stable, cut, _, _ = self._parts()
        closed = (cut.pow(value) * (1.0 - cut).pow(1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = closed.where(stable, value).where(value < 1.0, 1.0)
        return inside.where(value > 0.0, 0.0)

    def icdf(self, value: Tensor) -> Tensor:
        stable, cut, turned, _ = self._parts()
        closed = ((-cut + value * (2.0 * cut - 1.0)).log1p() - (-cut).log1p()) / -turned
        return closed.where(stable, value)

    def entropy(self) -> Tensor:
        none = (-self.probs).log1p()
        return self.mean * (none - self.probs.log()) - self._cont_bern_log_norm() - none

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        stable = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = x.where(stable, self._lims[0] - 0.5)
        closed = abs(cut.expm1()).log() - abs(cut).log()
        return closed.where(stable, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)
