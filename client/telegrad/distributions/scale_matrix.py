"""Distributions whose scale is a matrix: given whole, inverted, or as its lower triangular factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegrad.distributions.distribution import Distribution
from telegrad.distributions.parameters import lazy_property
from telegrad.functions.pieces import diagonal
from telegrad.linalg.decompositions import cholesky
from telegrad.linalg.solving import solve_triangular
from telegrad.tensor import Tensor
from telegrad_proto.shapes import broadcast


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


def only_matrix(given: Mapping[str, Tensor | None], error: type[Exception]) -> tuple[str, Tensor]:
    """The name and the value of the one matrix that is given.

    Raises:
        Exception: of the type `error`: none is given, or several.
    """
    chosen = [(name, matrix) for name, matrix in given.items() if matrix is not None]
    if len(chosen) != 1:
        raise error("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
    return chosen[0]


class MatrixScaled(Distribution):
    """A distribution with a matrix for its scale; the other two forms are computed when first asked for.

    Shape: matrices (..., n, n), where n is the last size of an event
    """

    _unbroadcasted_scale_tril: Tensor

    def _adopt_matrix(self, name: str, matrix: Tensor, batch: Sequence[int], n: int) -> None:
        """Takes the matrix of this name in, stretched over the batch, and finds its factor."""
        self.__dict__[name] = matrix.expand((*batch, n, n))
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = scale_of_precision(matrix)

    def _whole(self, matrix: Tensor) -> Tensor:
        n = self._event_shape[-1]
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
