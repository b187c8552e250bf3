"""Distances and similarities of vectors."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.arithmetic import sub
from telegrad.functions.norms import vector_norm_over
from telegrad.functions.operands import (
    Dims,
    axes_of,
    axis_of,
    broadcast_together,
    detached,
    floating_pair,
    index_tensor,
    like,
)
from telegrad.making.promotion import result_type, to_float
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _at_least(x: Tensor, least: float) -> Tensor:
    """x, raised to a bound without its derivative noticing."""
    fixed, bound = detached(x), like(x, least)
    return p.add(p.where(p.lt(fixed, bound), bound, fixed), p.sub(x, fixed))


@function(namespace=BOTH, label="SumBackward1")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosines of the angles between vectors along a dimension; lengths count as at least `eps`.

    Raises:
        DTypeError: the vectors' common type is not floating point.
        AxisError: there is no such dimension.
    """
    dtype = result_type(x1, x2)
    if dtype.kind != "f":
        raise DTypeError(
            "cosine_similarity: expected common dtype to be floating point, yet common dtype is "
            f"{scalar_name(dtype)}"
        )
    a, b = broadcast_together(*floating_pair(x1, x2))
    axis = axis_of(dim, a.ndim)
    axes = (axis,) if a.ndim else ()
    a, b = (p.div(x, _at_least(vector_norm_over(x, 2.0, axes, True), eps)) for x in (a, b))
    return p.sum(p.mul(a, b), axes=axes, keepdims=False)


def row_distance(a: Tensor, b: Tensor, order: float, eps: float, keepdim: bool) -> Tensor:
    """The norms of the differences of vectors, to whose elements eps is added, along the last dimension."""
    # Subtracted in their own type, as torch does: bytes wrap.
    away = to_float(sub(a, b))
    away = p.add(away, like(away, eps))
    return vector_norm_over(away, order, (away.ndim - 1,) if away.ndim else (), keepdim)


@function(namespace=BOTH, label="NormBackward1")
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The norms of the differences of vectors along the last dimension."""
    return row_distance(x1, x2, float(p), eps, keepdim)


@function(namespace=BOTH)
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distances of order p between all pairs of rows: the first with all after it, the second, ...

    Raises:
        ShapeError: the input is no matrix.
        ArgumentError: p is negative.
    """
    if input.dtype.kind != "f":
        raise DTypeError(f"pdist only supports floating-point dtypes, got {scalar_name(input.dtype)}")
    if input.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise ArgumentError("pdist only supports non-negative p values")
    return _pairs(input, float(p))


def _pairs(x: Tensor, order: float) -> Tensor:
    n = x.shape[0]
    first = [i for i in range(n) for _ in range(i + 1, n)]
    second = [j for i in range(n) for j in range(i + 1, n)]
    a, b = (p.index(x, index_tensor(places), axes=(0,)) for places in (first, second))
    return vector_norm_over(p.sub(a, b), order, (1,), False)


@function(namespace=HERE, label="DivBackward0")
def normalize(input: Tensor, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along a dimension over their norms, which count as at least `eps`."""
    if input.dtype.kind not in "fc":
        raise DTypeError("linalg.vector_norm: Expected a floating point or complex tensor as input.")
    return _normalized(input, float(p), dim, eps)


def _normalized(x: Tensor, order: float, dim: Dims, eps: float) -> Tensor:
    axes = axes_of(dim, x.ndim)
    size = vector_norm_over(x, order, axes, True)
    # At the bound itself the norm stands, as in clamp_min.
    bound = like(size, eps)
    held = p.where(p.lt(size, bound), bound, size)
    return p.div(x, p.cast(held, dtype=x.dtype) if x.dtype.kind == "c" else held)
