"""The normal distribution of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.parameters import as_type_of, lazy_property
from telegrad.functions.pieces import diagonal
from telegrad.linalg.decompositions import cholesky
from telegrad.linalg.solving import solve_triangular
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError
from telegrad_proto.shapes import broadcast

_LOG_TAU = math.log(2 * math.pi)


def identity_like(x: Tensor) -> Tensor:
    """The identity matrix of a matrix's size and type."""
    return x.new_ones(x.shape[-1]).diag()


def scale_of_precision(precision: Tensor) -> Tensor:
    """The lower triangular factor of a precision matrix's inverse."""
    # The factor of the matrix read backwards is the inverse's factor turned around: one factorization.
    turned = cholesky(precision.flip((-2, -1)))
    upper = turned.flip((-2, -1)).mT
    return solve_triangular(upper, identity_like(precision), upper=False)


def distance_squared(scale_tril: Tensor, difference: Tensor) -> Tensor:
    """The squared Mahalanobis distance.

    Shape: scale_tril (..., n, n) and difference (..., n) broadcast
    """
    n = difference.shape[-1]
    shape = broadcast(tuple(scale_tril.shape[:-2]), tuple(difference.shape[:-1]))
    factor = scale_tril.expand((*shape, n, n))
    solved = solve_triangular(factor, difference.expand((*shape, n)).unsqueeze(-1), upper=False)
    return solved.squeeze(-1).pow(2).sum(-1)


def half_log_det(scale_tril: Tensor) -> Tensor:
    """The logarithm of a triangular matrix's determinant."""
    return diagonal(scale_tril, 0, -2, -1).log().sum(-1)


class MultivariateNormal(Distribution):
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
    loc: Tensor
    _unbroadcasted_scale_tril: Tensor

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
        chosen = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(chosen) != 1:
            raise ArgumentError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )
        ((name, matrix),) = chosen.items()
        if matrix.ndim < 2:
            raise ShapeError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        matrix, loc = self._verified(validate_args, **{name: matrix, "loc": loc})
        batch = broadcast(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        n = loc.shape[-1]
        self.loc = loc.expand((*batch, n))
        self.__dict__[name] = matrix.expand((*batch, n, n))
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = scale_of_precision(matrix)
        super().__init__(batch, (n,), validate_args=validate_args)

    def _whole(self, matrix: Tensor) -> Tensor:
        n = self._event_shape[0]
        return matrix.expand((*self._batch_shape, n, n))

    @lazy_property
    def scale_tril(self) -> Tensor:
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        factor = self._unbroadcasted_scale_tril
        return self._whole(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        factor = self._unbroadcasted_scale_tril
        inverse = solve_triangular(factor, identity_like(factor), upper=False)
        return self._whole(inverse.mT @ inverse)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

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
