"""The Wishart distribution of covariance matrices."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.constraints import known
from telegrad.distributions.exp_family import ExponentialFamily
from telegrad.distributions.gamma import Chi2
from telegrad.distributions.parameters import eps_of, verified
from telegrad.distributions.scale_matrix import MatrixScaled, half_log_det, only_matrix
from telegrad.functions.pieces import diagonal
from telegrad.functions.pointwise import mvlgamma
from telegrad.linalg.inverses import slogdet
from telegrad.linalg.solving import cholesky_solve
from telegrad.making.creation import tensor
from telegrad.making.ranges import arange
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError
from telegrad_proto.shapes import broadcast

_LOG_2 = math.log(2.0)


class Wishart(MatrixScaled, ExponentialFamily):
    """The Wishart distribution: X X^T, where the columns of X are normal vectors of mean 0.

    Args:
        df: the number of columns, which need not be an integer; larger than the dimension less 1.
        covariance_matrix: the covariance of a column,
        precision_matrix: or its inverse,
        scale_tril: or its lower triangular factor.
        validate_args: look at the arguments.

    Shape: df (...), matrices (..., n, n)

    Source: Sawyer: Wishart distributions and inverse-Wishart sampling (2007), in torch's form
    (torch/distributions/wishart.py).

    Raises:
        AssertionError: not exactly one matrix.
        ArgumentError: too few dimensions; too small a df, where it is known here.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0.0
    _dims = {
        "df": 0,
        "covariance_matrix": 2,
        "precision_matrix": 2,
        "scale_tril": 2,
        "_unbroadcasted_scale_tril": 2,
    }
    df: Tensor

    @property
    def arg_constraints(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Any,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        name, matrix = only_matrix(given, AssertionError)
        if matrix.ndim < 2:
            raise ArgumentError(
                "scale_tril must be at least two-dimensional, with optional leading batch dimensions"
            )
        n = matrix.shape[-1]
        self._event_shape = matrix.shape[-2:]
        count = df if isinstance(df, Tensor) else tensor(df, dtype=matrix.dtype)
        words = f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}."
        count = _checked(count, n, words)
        (matrix,) = self._verified(validate_args, **{name: matrix})
        batch = broadcast(tuple(matrix.shape[:-2]), tuple(count.shape))
        self.df = count.expand(batch)
        self.__dict__["_seen"] = (name, "df")
        self._adopt_matrix(name, matrix, batch, n)
        super().__init__(batch, (n, n), validate_args=validate_args)

    @property
    def _size(self) -> int:
        return int(self._event_shape[-1])

    @property
    def mean(self) -> Tensor:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._size - 1
        return factor.where(factor > 0, math.nan)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        whole = self.covariance_matrix
        spread = diagonal(whole, 0, -2, -1)
        products = spread.unsqueeze(-1) * spread.unsqueeze(-2)
        return self.df[..., None, None] * (whole.pow(2) + products)

    def rsample(self, sample_shape: Sequence[int] = (), max_try_correction: int | None = None) -> Tensor:
        """Draws through which gradients reach the parameters.

        Args:
            sample_shape: of the draws.
            max_try_correction: accepted; torch draws anew what rounding made singular, after a look at it.

        Shape: sample_shape + batch_shape + event_shape
        """
        shape = self._extended_shape(sample_shape)
        steps = arange(self._size, dtype=self.df.dtype)
        spread = Chi2(self.df.unsqueeze(-1) - steps, validate_args=False).rsample(sample_shape).sqrt()
        least = spread.clamp(min=eps_of(spread.dtype))
        noise = standard_normal(shape, spread.dtype).tril(-1) + least.diag_embed()
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def _scale_term(self) -> Tensor:
        return self._size * _LOG_2 / 2 + half_log_det(self._unbroadcasted_scale_tril)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        nu, n = self.df, self._size
        solved = cholesky_solve(value, self._unbroadcasted_scale_tril)
        trace = diagonal(solved, 0, -2, -1).sum(-1)
        slope = (nu - n - 1) / 2 * slogdet(value).logabsdet
        return -nu * self._scale_term() - mvlgamma(nu / 2, p=n) + slope - trace / 2

    def entropy(self) -> Tensor:
        nu, n = self.df, self._size
        steps = arange(n, dtype=nu.dtype) / 2
        slope = (nu.unsqueeze(-1) / 2 - steps).digamma().sum(-1)
        made = (n + 1) * self._scale_term() + mvlgamma(nu / 2, p=n)
        return made - (nu - n - 1) / 2 * slope + nu * n / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._size - 1) / 2

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        x, y = natural_params
        n = self._size
        shape = y + (n + 1) / 2
        return shape * (_LOG_2 * n - slogdet(-2 * x).logabsdet) + mvlgamma(shape, p=n)


def _checked(df: Tensor, n: int, words: str) -> Tensor:
    """The degrees of freedom, which are enough; few of them are warned of where they are known here."""
    try:
        df = verified(df, constraints.greater_than(n - 1), lambda: words)
    except ArgumentError:
        raise ArgumentError(words) from None
    array = known(df)
    if array is not None and (array < n).any():
        warnings.warn(
            "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
            stacklevel=3,
        )
    return df
