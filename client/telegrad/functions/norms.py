"""Norms and distances."""

from __future__ import annotations

import math
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import Dims, axes_of, cast_to, floating_pair, like
from telegrad.making.promotion import Number, result_type
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _guarded(x: Tensor, hole: Tensor, outside: Number, inner: Any) -> Tensor:
    """`inner(x)`, but `outside` with a derivative of zero where `hole` holds."""
    return p.where(hole, like(x, outside), inner(p.where(hole, like(x, 1), x)))


def _bent(x: Tensor, hole: Tensor) -> Tensor:
    """0, of which at the places of the hole, where x is 0, the second derivative by x is NaN.

    The first is 0 there. So the derivative of a norm at a corner is torch's subgradient, and that of the
    subgradient does not exist.
    """
    return p.pow(p.where(hole, x, like(x, 0)), like(x, 1.5))


def vector_norm_over(
    x: Tensor, order: float, axes: tuple[int, ...], keepdims: bool, *, cornered: bool = False
) -> Tensor:
    """The norm of this order over the axes; torch's subgradient, which is 0 where the norm is 0.

    Args:
        x: of what.
        order: of the norm.
        axes: over which dimensions.
        keepdims: they stay, with length 1.
        cornered: the second derivative is NaN at a corner, as torch's is; else 0.
    """
    if x.dtype.kind == "c":
        size = p.abs(x)
    else:
        size = x if order == 2 or (order % 2 == 0 and math.isfinite(order)) else p.abs(x)
    if order == math.inf:
        return p.amax(size, axes=axes, keepdims=keepdims)
    if order == -math.inf:
        return p.amin(size, axes=axes, keepdims=keepdims)
    if order == 0:
        there = p.cast(p.ne(x, like(x, 0)), dtype=size.dtype)
        # The count is constant, but differentiable all the same in torch, with derivative zero.
        return p.sum(p.add(there, p.mul(p.sign(size), like(size, 0))), axes=axes, keepdims=keepdims)
    if order == 1:
        return p.sum(size, axes=axes, keepdims=keepdims)
    if order == 2:
        total = p.sum(p.mul(size, size), axes=axes, keepdims=keepdims)
        hole = p.eq(total, like(total, 0))
        root = _guarded(total, hole, 0, p.sqrt)
        return p.where(hole, _bent(total, hole), root) if cornered else root
    zero = p.eq(size, like(size, 0))
    cornered = cornered and order < 3
    if order > 0:
        power = _guarded(size, zero, 0, lambda s: p.pow(s, like(s, order)))
    else:
        power = p.where(
            zero, like(size, math.inf), p.pow(p.where(zero, like(size, 1), size), like(size, order))
        )
    if cornered:
        power = p.add(power, _bent(size, zero))
    total = p.sum(power, axes=axes, keepdims=keepdims)
    if order > 0:
        return _guarded(total, p.eq(total, like(total, 0)), 0, lambda s: p.pow(s, like(s, 1 / order)))
    return _guarded(total, p.isinf(total), 0, lambda s: p.pow(s, like(s, 1 / order)))


@function(label="LinalgVectorNormBackward0")
def norm(
    input: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The vector norm of order p over the dimensions, or of all elements; "fro" and "nuc" are matrix norms.

    Raises:
        ArgumentError: another name.
        ShapeError: "nuc" without dimensions of what is no matrix.
    """
    x = cast_to(input, dtype)
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype.name}"
        )
    if p is None or p == "fro":
        return vector_norm_over(x, 2.0, axes_of(dim, x.ndim), keepdim, cornered=True)
    if p == "nuc":
        if dim is None and x.ndim != 2:
            raise ShapeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {list(range(x.ndim))}")
        from telegrad.linalg.norms import nuclear_norm  # imported when first needed, as that package is

        return nuclear_norm(x, (-2, -1) if dim is None else dim, keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm(): unsupported norm order '{p}'")
    return vector_norm_over(x, float(p), axes_of(dim, x.ndim), keepdim, cornered=True)


@function()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The norm of the difference."""
    return _difference_norm(input, other, float(p))


def _difference_norm(a: Tensor, b: Tensor, order: float) -> Tensor:
    for x in (a, b):
        if x.dtype.kind not in "fc" and result_type(a, b).kind not in "fc":
            raise DTypeError(
                "dist: norm(): input dtype should be either floating point or complex. Got "
                f"{scalar_name(x.dtype)} instead."
            )
    away = p.sub(*floating_pair(a, b))
    return vector_norm_over(away, order, tuple(range(away.ndim)), False)


@function(inplace=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The tensor with each slice along `dim` scaled down to the norm `maxnorm` where it is larger."""
    return _renorm(input, float(p), dim, maxnorm)


def _renorm(x: Tensor, order: float, dim: int, maxnorm: float) -> Tensor:
    if x.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {x.ndim} dimensions")
    if order <= 0:
        raise ArgumentError(f"renorm: non-positive-norm not supported, got p={order}")
    if maxnorm < 0:
        raise ArgumentError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    (axis,) = axes_of(dim, x.ndim)
    others = tuple(i for i in range(x.ndim) if i != axis)
    size = vector_norm_over(x, order, others, True)
    limit = like(size, maxnorm)
    # torch divides by a little more than the norm.
    scale = p.div(limit, p.add(size, like(size, 1e-7)))
    return p.mul(x, cast_to(p.where(p.gt(size, limit), scale, like(size, 1)), x.dtype))


def cdist_direct(x1: Tensor, x2: Tensor, order: float) -> Tensor:
    """The norms of all differences between rows of x1 and rows of x2.

    Shape: (..., m, k) and (..., n, k) to (..., m, n).
    """
    rows = p.reshape(x1, shape=(*x1.shape[:-1], 1, x1.shape[-1]))
    columns = p.reshape(x2, shape=(*x2.shape[:-2], 1, *x2.shape[-2:]))
    away = p.sub(rows, columns)
    return vector_norm_over(away, order, (away.ndim - 1,), False)


@function(method=False)
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The distances of order p between all rows of x1 and all of x2; the mode is accepted and without
    effect.

    Raises:
        DTypeError: the elements are not real floating point numbers.
        ShapeError: one of them has fewer than two dimensions.
        ArgumentError: the order is negative.
    """
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, got {p}")
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dtype.kind != "f":
            raise DTypeError(f"cdist only supports floating-point dtypes, {name} got: {scalar_name(x.dtype)}")
        if x.ndim < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    return cdist_direct(*floating_pair(x1, x2), float(p))
