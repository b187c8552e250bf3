"""The normal distribution of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Centred
from telegrad.distributions.parameters import as_type_of
from telegrad.distributions.scale_matrix import MatrixScaled, distance_squared, half_log_det, only_matrix
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError
from telegrad_proto.shapes import broadcast

_LOG_TAU = math.log(2 * math.pi)


class MultivariateNormal(Centred, MatrixScaled):
    """The normal distribution of vectors.

    Args:
        loc: the mean.
        covariance_matrix: the covariance,
        precision_matrix: or its inverse,
        scale_tril: or its lower triangular factor.
        validate_args: look at the arguments.

    Shape: loc (..., n), matrices (..., n, n)

    Raises:
        ArgumentError: not exactly one matrix.
        ShapeError: too few dimensions.
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _dims = {
        "loc": 1,
        "covariance_matrix": 2,
        "precision_matrix": 2,
        "scale_tril": 2,
        "_unbroadcasted_scale_tril": 2,
    }

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.ndim < 1:
            raise ShapeError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "scale_tril": scale_tril,
            "precision_matrix": precision_matrix,
        }
        name, matrix = only_matrix(given, ArgumentError)
        if matrix.ndim < 2:
            raise ShapeError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        matrix, loc = self._verified(validate_args, **{name: matrix, "loc": loc})
        batch = broadcast(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        n = loc.shape[-1]
        self.loc = loc.expand((*batch, n))
        self._adopt_matrix(name, matrix, batch, n)
        super().__init__(batch, (n,), validate_args=validate_args)

    @property
    def variance(self) -> Tensor:
        spread = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return spread.expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = standard_normal(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + (self._unbroadcasted_scale_tril @ drawn.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        difference = as_type_of(self._valid(value), self.loc) - self.loc
        far = distance_squared(self._unbroadcasted_scale_tril, difference)
        n = self._event_shape[0]
        return -0.5 * (n * _LOG_TAU + far) - half_log_det(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        n = self._event_shape[0]
        entropy: Any = 0.5 * n * (1.0 + _LOG_TAU) + half_log_det(self._unbroadcasted_scale_tril)
        return entropy.expand(self._batch_shape)
