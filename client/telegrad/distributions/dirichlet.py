"""Distributions of shares: Dirichlet, and beta, its case of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.parameters import broadcast_all
from telegrad.functions.arithmetic import xlogy
from telegrad.functions.joining import stack
from telegrad.functions.sampling import sample_dirichlet
from telegrad.tensor import Tensor
from telegrad_proto.errors import ShapeError


class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution over the simplex.

    Args:
        concentration: a parameter a share, along the last dimension.
        validate_args: look at the argument.

    Raises:
        ShapeError: no dimensions.
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _dims = {"concentration": 1}
    concentration: Tensor

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ShapeError("`concentration` parameter must be at least one-dimensional.")
        (self.concentration,) = self._verified(validate_args, concentration=concentration)
        shape = self.concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    @property
    def _total(self) -> Tensor:
        return self.concentration.sum(-1, True)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self._total

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        mode = above / above.sum(-1, True)
        flat = (self.concentration < 1).all(-1, True)
        best = self.concentration == self.concentration.amax(-1, True)
        corner = (best & (best.cumsum(-1) == 1)).to(mode.dtype)
        return corner.where(flat, mode)

    @property
    def variance(self) -> Tensor:
        total = self._total
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        return (
            xlogy(self.concentration - 1, value).sum(-1)
            + self.concentration.sum(-1).lgamma()
            - self.concentration.lgamma().sum(-1)
        )

    def entropy(self) -> Tensor:
        size = self.concentration.shape[-1]
        total = self.concentration.sum(-1)
        return (
            self.concentration.lgamma().sum(-1)
            - total.lgamma()
            - (size - total) * total.digamma()
            - ((self.concentration - 1) * self.concentration.digamma()).sum(-1)
        )


class Beta(ExponentialFamily):
    """The beta distribution.

    Args:
        concentration1: the parameter of the draw.
        concentration0: the parameter of what is left of 1.
        validate_args: look at the arguments.
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        given = self._verified(validate_args, concentration1=concentration1, concentration0=concentration0)
        self._dirichlet = Dirichlet(stack(broadcast_all(*given), -1), validate_args=False)
        super().__init__(self._dirichlet.batch_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._dirichlet = self._dirichlet.expand(batch_shape)
        return new

    @property
    def concentration1(self) -> Tensor:
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Tensor:
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._dirichlet.rsample(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        return self._dirichlet.log_prob(stack([value, 1.0 - value], -1))

    def entropy(self) -> Tensor:
        return self._dirichlet.entropy()
