"""The normal distribution of vectors whose covariance is a diagonal and a few directions more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import Centred
from telegrad.distributions.kl import kl_divergence, register_kl
from telegrad.distributions.multivariate_normal import MultivariateNormal
from telegrad.distributions.parameters import as_type_of, lazy_property
from telegrad.distributions.scale_matrix import distance_squared, half_log_det, identity_like
from telegrad.linalg.decompositions import cholesky
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError
from telegrad_proto.shapes import broadcast

_LOG_TAU = math.log(2 * math.pi)


class LowRankMultivariateNormal(Centred):
    """The normal distribution of vectors with the covariance W W^T + diag(d).

    Densities cost a factorization of the size of W's smaller side.

    Args:
        loc: the mean.
        cov_factor: W.
        cov_diag: d.
        validate_args: look at the arguments.

    Shape: loc and cov_diag (..., n), cov_factor (..., n, m)

    Raises:
        ShapeError: too few dimensions.
        ArgumentError: sizes that do not fit each other.

    Source: the matrix inversion lemma and the matrix determinant lemma.
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    _dims = {"loc": 1, "cov_factor": 2, "cov_diag": 1}
    cov_factor: Tensor
    cov_diag: Tensor

    def __init__(
        self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None
    ) -> None:
        if loc.ndim < 1:
            raise ShapeError("loc must be at least one-dimensional.")
        n = loc.shape[-1]
        if cov_factor.ndim < 2:
            raise ShapeError(
                "cov_factor must be at least two-dimensional, with optional leading batch dimensions"
            )
        if cov_factor.shape[-2] != n:
            raise ArgumentError(f"cov_factor must be a batch of matrices with shape {n} x m")
        if cov_diag.shape[-1:] != (n,):
            raise ArgumentError(f"cov_diag must be a batch of vectors with shape {(n,)}")
        loc, cov_factor, cov_diag = self._verified(
            validate_args, loc=loc, cov_factor=cov_factor, cov_diag=cov_diag
        )
        batch = broadcast(tuple(loc.shape[:-1]), tuple(cov_factor.shape[:-2]))
        batch = broadcast(batch, tuple(cov_diag.shape[:-1]))
        self.loc, self.cov_diag = loc.expand((*batch, n)), cov_diag.expand((*batch, n))
        self.cov_factor = cov_factor.expand((*batch, *cov_factor.shape[-2:]))
        super().__init__(batch, (n,), validate_args=validate_args)

    @lazy_property
    def variance(self) -> Tensor:
        return self.cov_factor.pow(2).sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @lazy_property
    def scale_tril(self) -> Tensor:
        return cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        return MultivariateNormal(self.loc, scale_tril=self.scale_tril, validate_args=False).precision_matrix

    @lazy_property
    def _capacitance(self) -> Tensor:
        """The factor of I + W^T diag(d)^-1 W."""
        inner = self.cov_factor.mT @ (self.cov_factor / self.cov_diag.unsqueeze(-1))
        return cholesky(inner + identity_like(inner))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        few = standard_normal((*shape[:-1], self.cov_factor.shape[-1], 1), self.loc.dtype)
        own = standard_normal(shape, self.loc.dtype)
        return self.loc + (self.cov_factor @ few).squeeze(-1) + self.cov_diag.sqrt() * own

    def _log_det(self) -> Tensor:
        return 2 * half_log_det(self._capacitance) + self.cov_diag.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        away = as_type_of(self._valid(value), self.loc) - self.loc
        scaled = away / self.cov_diag
        along = (self.cov_factor.mT @ scaled.unsqueeze(-1)).squeeze(-1)
        far = (away * scaled).sum(-1) - distance_squared(self._capacitance, along)
        return -0.5 * (self._event_shape[0] * _LOG_TAU + self._log_det() + far)

    def entropy(self) -> Tensor:
        return 0.5 * (self._event_shape[0] * (1.0 + _LOG_TAU) + self._log_det())


def _whole(law: Any) -> MultivariateNormal:
    if isinstance(law, MultivariateNormal):
        return law
    return MultivariateNormal(law.loc, scale_tril=law.scale_tril, validate_args=False)


def _as_whole(p: Any, q: Any) -> Tensor:
    return kl_divergence(_whole(p), _whole(q))


for _p, _q in (
    (LowRankMultivariateNormal, LowRankMultivariateNormal),
    (LowRankMultivariateNormal, MultivariateNormal),
    (MultivariateNormal, LowRankMultivariateNormal),
):
    register_kl(_p, _q)(_as_whole)
