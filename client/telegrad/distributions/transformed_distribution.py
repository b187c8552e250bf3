"""Distributions of what is computed from a variable of another distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.independent import Independent
from telegrad.distributions.parameters import total_last
from telegrad.distributions.transforms import ComposeTransform, Transform
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class TransformedDistribution(Distribution):
    """The distribution of y = f(x), where x has another one.

    Args:
        base_distribution: that of x.
        transforms: f, or the transforms that it consists of, in their order.
        validate_args: look at the arguments.

    Raises:
        ArgumentError: something else than a transform; too few dimensions for it.
    """

    arg_constraints: dict[str, Any] = {}
    base_dist: Any

    def __init__(self, base_distribution: Any, transforms: Any, validate_args: bool | None = None) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(self.transforms, list) or not all(
            isinstance(t, Transform) for t in self.transforms
        ):
            raise ArgumentError(f"transforms must be a Transform or list, but was {transforms}")
        whole = ComposeTransform(self.transforms)
        base_shape = (*base_distribution.batch_shape, *base_distribution.event_shape)
        if len(base_shape) < whole.domain.event_dim:
            raise ArgumentError(
                "base_distribution needs to have shape with size at least "
                f"{whole.domain.event_dim}, but got {base_distribution}."
            )
        shape = whole.forward_shape(base_shape)
        # What the transform mixes must be one event of the distribution below.
        base = base_distribution.expand(
            whole.inverse_shape(shape)[: len(base_shape) - len(base_distribution.event_shape)]
        )
        missing = whole.domain.event_dim - len(base.event_shape)
        self.base_dist = Independent(base, missing) if missing > 0 else base
        change = whole.codomain.event_dim - whole.domain.event_dim
        events = max(whole.codomain.event_dim, len(self.base_dist.event_shape) + change)
        cut = len(shape) - events
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        shape = ComposeTransform(self.transforms).inverse_shape((*batch_shape, *self._event_shape))
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms
        return new

    @property
    def has_rsample(self) -> bool:
        return self.base_dist.has_rsample

    @has_rsample.setter
    def has_rsample(self, value: bool) -> None:
        raise ArgumentError("has_rsample: that of the base distribution")

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        found = self.transforms[-1].codomain
        more = len(self._event_shape) - found.event_dim
        return constraints.independent(found, more) if more > 0 else found

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            return self._moved(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._moved(self.base_dist.rsample(sample_shape))

    def _moved(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        y = self._valid(value)
        events = len(self._event_shape)
        total: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            events += transform.domain.event_dim - transform.codomain.event_dim
            slope = transform.log_abs_det_jacobian(x, y)
            total = total - total_last(slope, events - transform.domain.event_dim)
            y = x
        return total + total_last(self.base_dist.log_prob(y), events - len(self.base_dist.event_shape))

    def _monotone(self, value: Tensor) -> Tensor:
        """A share of the line, counted from the other end where the transforms turn it around."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int):
            return value if sign == 1 else 1 - value
        return sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._monotone(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._moved(self.base_dist.icdf(self._monotone(value)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _described(self) -> str:
        return repr(self)
