"""Mixtures of distributions of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.distributions.categorical import Categorical
from telegrad.distributions.constraints import MixtureSameFamilyConstraint
from telegrad.distributions.distribution import Distribution
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class MixtureSameFamily(Distribution):
    """One member of a batch, chosen at random for each draw.

    Args:
        mixture_distribution: a Categorical that chooses.
        component_distribution: the batch, its last dimension chosen from.
        validate_args: look at the arguments.

    Raises:
        ArgumentError: other kinds, or numbers of members that differ.
    """

    arg_constraints: dict[str, Any] = {}

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError(
                " The Mixture distribution needs to be an  instance of torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ArgumentError(
                "The Component distribution need to be an instance of torch.distributions.Distribution"
            )
        batch = component_distribution.batch_shape
        count = mixture_distribution.logits.shape[-1]
        if tuple(mixture_distribution.batch_shape) not in ((), tuple(batch[:-1])):
            raise ArgumentError(
                f"`mixture_distribution.batch_shape` ({mixture_distribution.batch_shape}) is not compatible "
                f"with `component_distribution.batch_shape` ({batch[:-1]})"
            )
        if batch[-1] != count:
            raise ArgumentError(
                f"`mixture_distribution component` ({count}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({batch[-1]})"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        count = self._component_distribution.batch_shape[-1]
        new._component_distribution = self._component_distribution.expand((*batch_shape, count))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        return new

    @property
    def support(self) -> Any:
        return MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Any:
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        return self._component_distribution

    def _weights(self) -> Tensor:
        probs = self._mixture_distribution.probs
        return probs.reshape((*probs.shape, *(1,) * len(self._event_shape)))

    @property
    def mean(self) -> Tensor:
        return (self._weights() * self._component_distribution.mean).sum(-1 - len(self._event_shape))

    @property
    def variance(self) -> Tensor:
        place = -1 - len(self._event_shape)
        component, weights = self._component_distribution, self._weights()
        inside = (weights * component.variance).sum(place)
        between = (weights * (component.mean - self.mean.unsqueeze(place)).pow(2)).sum(place)
        return inside + between

    def _validate_sample(self, value: Any) -> Any:
        return value  # the components look at it

    def cdf(self, value: Tensor) -> Tensor:
        shares = self._component_distribution.cdf(value.unsqueeze(-1))
        return (shares * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        each = self._component_distribution.log_prob(value.unsqueeze(-1 - len(self._event_shape)))
        return (each + self._mixture_distribution.logits).logsumexp(-1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        events = len(self._event_shape)
        with no_grad():
            drawn = self._component_distribution.sample(sample_shape)
            chosen = self._mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            index = chosen.reshape((*chosen.shape, 1, *(1,) * events))
            index = index.expand((*chosen.shape, 1, *self._event_shape))
            return drawn.gather(chosen.ndim, index).squeeze(chosen.ndim)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"

    def _described(self) -> str:
        return "MixtureSameFamily"
