"""Invertible functions of vectors and matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.parameters import eps_of, tiny_of
from telegrad.distributions.transform import Shape, Transform
from telegrad.functions.pieces import diagonal
from telegrad.linalg.decompositions import cholesky
from telegrad.making.ranges import arange
from telegrad.nn.functional.activation import softplus
from telegrad.nn.functional.padding import pad
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class ReshapeTransform(Transform):
    """The same elements in another shape.

    Args:
        in_shape: the last dimensions before.
        out_shape: the last dimensions after.
        cache_size: as Transform has it.

    Raises:
        ArgumentError: they have different numbers of elements.
    """

    bijective = True

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        self.in_shape, self.out_shape = tuple(in_shape), tuple(out_shape)
        if math.prod(self.in_shape) != math.prod(self.out_shape):
            raise ArgumentError("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size)

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def _lead(self, shape: Shape, last: Shape) -> Shape:
        cut = len(shape) - len(last)
        if cut < 0 or tuple(shape[cut:]) != last:
            raise ArgumentError(f"Shape mismatch: expected {tuple(shape[max(cut, 0) :])} but got {last}")
        return tuple(shape[:cut])

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape((*self._lead(tuple(x.shape), self.in_shape), *self.out_shape))

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape((*self._lead(tuple(y.shape), self.out_shape), *self.in_shape))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x.new_zeros(self._lead(tuple(x.shape), self.in_shape))

    def forward_shape(self, shape: Shape) -> Shape:
        return (*self._lead(tuple(shape), self.in_shape), *self.out_shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return (*self._lead(tuple(shape), self.out_shape), *self.in_shape)


class SoftmaxTransform(Transform):
    """The softmax of logits; its inverse is the logarithm. Neither is one to one."""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoftmaxTransform)

    def __hash__(self) -> int:
        return hash(SoftmaxTransform)

    def _call(self, x: Tensor) -> Tensor:
        made = (x - x.amax(-1, True)).exp()
        return made / made.sum(-1, True)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


class StickBreakingTransform(Transform):
    """Shares of 1, each broken off from what is left, one more than there are numbers."""

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StickBreakingTransform)

    def __hash__(self) -> int:
        return hash(StickBreakingTransform)

    def _offset(self, count: int, like: Tensor) -> Tensor:
        return arange(count, 0, -1, dtype=like.dtype).log()

    def _call(self, x: Tensor) -> Tensor:
        z = (x - self._offset(x.shape[-1], x)).sigmoid()
        left = (1 - z).cumprod(-1)
        return pad(z, [0, 1], value=1) * pad(left, [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        count = y.shape[-1] - 1
        first = y[..., :-1]
        left = (1 - first.cumsum(-1)).clamp(min=tiny_of(y.dtype))
        return first.log() - left.log() + self._offset(count, y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        moved = x - self._offset(x.shape[-1], x)
        return (-moved - softplus(-moved) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise ArgumentError("Too few dimensions on input")
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise ArgumentError("Too few dimensions on input")
        return (*shape[:-1], shape[-1] - 1)


class LowerCholeskyTransform(Transform):
    """A lower triangular matrix of positive diagonal: the exponential of the diagonal is taken."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LowerCholeskyTransform)

    def __hash__(self) -> int:
        return hash(LowerCholeskyTransform)

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + diagonal(x, 0, -2, -1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + diagonal(y, 0, -2, -1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """A positive definite matrix, by the factor that LowerCholeskyTransform gives."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PositiveDefiniteTransform)

    def __hash__(self) -> int:
        return hash(PositiveDefiniteTransform)

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(cholesky(y))


class CorrCholeskyTransform(Transform):
    """The Cholesky factor of a correlation matrix, of D (D - 1) / 2 numbers."""

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _size(self, count: int) -> int:
        size = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != count:
            raise ArgumentError("Input is not a flattened lower-diagonal number")
        return size

    def _places(self, size: int) -> tuple[list[int], list[int]]:
        below = [(i, j) for i in range(size) for j in range(i)]
        return [i for i, _ in below], [j for _, j in below]

    def _call(self, x: Tensor) -> Tensor:
        x = x.tanh()
        x = x.clamp(min=-1 + eps_of(x.dtype), max=1 - eps_of(x.dtype))
        size = self._size(x.shape[-1])
        rows, columns = self._places(size)
        r = x.new_zeros((*x.shape[:-1], size, size))
        r[..., rows, columns] = x
        left = (1 - r * r).sqrt().cumprod(-1)
        whole = r + x.new_ones(size).diag()
        return whole * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = 1 - (y * y).cumsum(-1)
        shifted = pad(left[..., :-1], [1, 0], value=1)
        rows, columns = self._places(y.shape[-1])
        t = y[..., rows, columns] / shifted[..., rows, columns].sqrt()
        return (t.log1p() - t.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = 1 - (y * y).cumsum(-1)
        rows, columns = self._places(y.shape[-1] - 1)
        # The row below: what was left before its element.
        inner = 0.5 * left[..., [i + 1 for i in rows], columns].log().sum(-1)
        slope = -2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)
        return inner + slope

    def forward_shape(self, shape: Shape) -> Shape:
        size = self._size(shape[-1])
        return (*shape[:-1], size, size)

    def inverse_shape(self, shape: Shape) -> Shape:
        return (*shape[:-2], shape[-1] * (shape[-1] - 1) // 2)
