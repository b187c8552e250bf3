"""The LKJ distribution of correlation matrices, by their factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.distributions import constraints
from telegrad.distributions.dirichlet import Beta
from telegrad.distributions.distribution import Distribution
from telegrad.distributions.parameters import tiny_of
from telegrad.functions.joining import cat
from telegrad.functions.pieces import diagonal
from telegrad.functions.pointwise import mvlgamma
from telegrad.making.ranges import arange
from telegrad.random import standard_normal
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class LKJCholesky(Distribution):
    """Lower triangular factors of correlation matrices, with density a power of the determinant.

    Draws have this density. Those of torch 2.13 have it for 2 x 2 matrices only: it draws the lengths of
    later rows as if they had more elements.

    Args:
        dim: the size of the matrices.
        concentration: the power, and 1; with 1 all correlation matrices are equally likely.
        validate_args: look at the arguments.

    Source: Lewandowski, Kurowicka, Joe: Generating random correlation matrices based on vines and extended
    onion method (2009), in torch's form (torch/distributions/lkj_cholesky.py).

    Raises:
        ArgumentError: matrices smaller than 2 x 2.
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _dims = {"concentration": 0}
    concentration: Tensor

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ArgumentError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        self._adopt(validate_args, concentration=concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.dim = self.dim
        return new

    def _row_lengths(self) -> Beta:
        """The distribution of each row's squared length left of the diagonal."""
        eta = self.concentration
        before = 0.5 * arange(self.dim - 1, dtype=eta.dtype)
        before = cat([before.new_zeros(1), before])
        rest = (eta + 0.5 * (self.dim - 2)).unsqueeze(-1) - before
        return Beta(before + 0.5, rest, validate_args=False)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            length = self._row_lengths().sample(sample_shape).unsqueeze(-1)
            ways = standard_normal(self._extended_shape(sample_shape), length.dtype).tril(-1)
            square = ways.pow(2).sum(-1, True)
            left = ways * (length / square.where(square > 0, 1.0)).sqrt()  # the first row has no length
            rest = (1 - left.pow(2).sum(-1)).clamp(min=tiny_of(left.dtype)).sqrt()
            return left + rest.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._valid(value)
        eta, below = self.concentration, self.dim - 1
        order = 2 * (eta - 1).unsqueeze(-1) + self.dim - arange(2, self.dim + 1)
        density = (order * diagonal(value, 0, -2, -1)[..., 1:].log()).sum(-1)
        alpha = eta + 0.5 * below
        norm = 0.5 * below * math.log(math.pi) + mvlgamma(alpha - 0.5, p=below) - below * alpha.lgamma()
        return density - norm
