"""Norms of vectors and of matrices, and condition numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.functions.norms import vector_norm_over
from telegrad.functions.operands import Dims, axes_of, cast_to
from telegrad.functions.shape import permuted
from telegrad.linalg.matrices import identity_matrix, require_floating, require_matrices, require_square
from telegrad.linalg.tolerances import count_above
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType, float16, float32, int64, promote
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError

Order = float | str | None


def singular_values(x: Tensor) -> Tensor:
    """The singular values, largest first.

    Shape: (..., m, n) to (..., min(m, n))
    """
    return p.svd(x, full=False)[1]


def _matrix_axes(x: Tensor, dim: Sequence[int], name: str) -> tuple[int, int]:
    if len(tuple(dim)) != 2:
        raise ArgumentError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    first, second = (axes_of(d, x.ndim)[0] for d in dim)
    if first == second:
        raise ArgumentError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    return first, second


def _of_singular_values(x: Tensor, axes: tuple[int, int], keepdim: bool, reduce: Any) -> Tensor:
    order = (*(i for i in range(x.ndim) if i not in axes), *axes)
    values = singular_values(permuted(x, order))
    out: Tensor = reduce(values, axes=(values.ndim - 1,), keepdims=False)
    if keepdim:
        out = p.reshape(out, shape=tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return out


def nuclear_norm(x: Tensor, dim: Any, keepdim: bool) -> Tensor:
    """The sum of the singular values of the matrices in two dimensions."""
    return _of_singular_values(x, _matrix_axes(x, dim, "linalg.matrix_norm"), keepdim, p.sum)


def _matrix_norm(x: Tensor, ord: Order, axes: tuple[int, int], keepdim: bool) -> Tensor:
    if ord in ("fro", "nuc"):
        if ord == "nuc":
            out = _of_singular_values(x, axes, keepdim, p.sum)
            return labelled(out, "PermuteBackward0" if keepdim else "SumBackward1")
        out = vector_norm_over(x, 2.0, (min(axes), max(axes)), keepdim, cornered=True)
        return labelled(out, "LinalgVectorNormBackward0")
    if isinstance(ord, str):
        raise ArgumentError(f"linalg.matrix_norm: Order {ord} not supported.")
    order = float(ord) if ord is not None else 2.0
    if abs(order) not in (1, 2, math.inf):
        raise ArgumentError(f"linalg.matrix_norm: Order {ord} not supported.")
    largest = order > 0
    pick = p.amax if largest else p.amin
    name = "AmaxBackward0" if largest else "AminBackward0"
    if abs(order) == 2:
        return labelled(_of_singular_values(x, axes, keepdim, pick), "PermuteBackward0" if keepdim else name)
    added, chosen = axes if abs(order) == 1 else axes[::-1]
    sums = p.sum(p.abs(x), axes=(added,), keepdims=True)
    out = pick(sums, axes=(chosen,), keepdims=True)
    if not keepdim:
        out = p.reshape(out, shape=tuple(n for i, n in enumerate(x.shape) if i not in axes))
    return labelled(out, name)


@function(namespace="linalg", label=None)
def matrix_norm(
    A: Tensor,
    ord: Order = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """The norm of the matrices in two dimensions: "fro", "nuc", 1, -1, 2, -2, inf or -inf.

    Raises:
        ArgumentError: another order, or not two dimensions.
        ShapeError: the tensor has fewer than two.
    """
    require_floating(A, "linalg.matrix_norm")
    require_matrices(A, "linalg.matrix_norm")
    return _matrix_norm(cast_to(A, dtype), ord, _matrix_axes(A, dim, "linalg.matrix_norm"), keepdim)


@function(namespace="linalg", label="LinalgVectorNormBackward0")
def vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The vector norm of an order over the dimensions, or of all elements."""
    require_floating(x, "linalg.vector_norm", half=True)
    return _vector_norm(x, float(ord), dim, keepdim, dtype)


def _vector_norm(x: Tensor, order: float, dim: Dims, keepdim: bool, dtype: DType | None) -> Tensor:
    if dtype is not None and (promote(x.dtype, dtype) is not dtype or dtype.kind not in "fc"):
        raise DTypeError(
            f"linalg.vector_norm: the dtype of the input ({scalar_name(x.dtype)}) should be convertible "
            f"without narrowing to the specified dtype ({scalar_name(dtype)})"
        )
    target = (x.dtype if dtype is None else dtype).to_real()
    # Squares of halves overflow early: torch computes in single precision.
    wide = cast_to(x, float32) if target is float16 else cast_to(x, dtype)
    out = vector_norm_over(wide, order, axes_of(dim, x.ndim), keepdim, cornered=True)
    return cast_to(out, target)


@function(namespace="linalg", label=None)
def norm(
    A: Tensor, ord: Order = None, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The matrix norm of an order over two dimensions, else a vector norm.

    Raises:
        ArgumentError: not one or two dimensions.
        ShapeError: an order, no dimensions, and a tensor of more than two.
    """
    require_floating(A, "linalg.norm", half=True)
    if isinstance(ord, complex):
        raise ArgumentError(f"linalg.norm: Expected a non-complex scalar as the order of norm, got {ord}")
    dims = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise ArgumentError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {dims}")
    if dims is None and ord is not None and A.ndim not in (1, 2):
        raise ShapeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D."
        )
    both = dims if dims is not None else [0, 1]
    if ord is not None and len(both) == 2 and (dims is not None or A.ndim == 2):
        require_floating(A, "linalg.matrix_norm")
        x = cast_to(A, dtype)
        return _matrix_norm(x, ord, _matrix_axes(x, both, "linalg.matrix_norm"), keepdim)
    if isinstance(ord, str):
        raise ArgumentError(f"linalg.norm: Order {ord} needs two dimensions")
    order = 2.0 if ord is None else float(ord)
    return labelled(_vector_norm(A, order, dims, keepdim, dtype), "LinalgVectorNormBackward0")


@function(namespace="linalg", label=None)
def cond(A: Tensor, p: Order = None) -> Tensor:
    """How much relative errors grow when the matrices are inverted, in a matrix norm; 2 by default.

    Raises:
        ArgumentError: another norm.
        ShapeError: no square matrices, where the norm needs them.
    """
    require_floating(A, "linalg.cond")
    require_matrices(A, "linalg.cond")
    return _cond(A, p)


def _cond(x: Tensor, order: Order) -> Tensor:
    if order is None or order in (2, -2):
        values = singular_values(x)
        count, lead = values.shape[-1], tuple(values.shape[:-1])
        if not count:
            return p.sum(values, axes=(values.ndim - 1,), keepdims=False)
        none = (0,) * len(lead)
        ones = (1,) * values.ndim
        first = p.slice(values, starts=(*none, 0), limits=(*lead, 1), strides=ones)
        last = p.slice(values, starts=(*none, count - 1), limits=(*lead, count), strides=ones)
        ratio = p.div(last, first) if order == -2 else p.div(first, last)
        return labelled(p.reshape(ratio, shape=lead), "SqueezeBackward1")
    require_square(x, f"linalg.cond({order})")
    axes = (x.ndim - 2, x.ndim - 1)
    inverse = p.solve(x, identity_matrix(x.shape[-1], x.dtype))
    out = p.mul(_matrix_norm(x, order, axes, False), _matrix_norm(inverse, order, axes, False))
    return labelled(out, "MulBackward0")


@function(namespace="linalg", label=None)
def matrix_rank(
    A: Tensor,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """The number of singular values above `atol`, and above `rtol` times the largest of them."""
    require_floating(A, "linalg.matrix_rank")
    require_matrices(A, "linalg.matrix_rank")
    values = p.abs(p.eigh(A)[0]) if hermitian else singular_values(A)
    if tol is not None:
        atol, rtol = tol, 0.0
    above = count_above(values, A, atol, rtol)
    return p.sum(p.cast(above, dtype=int64), axes=(values.ndim - 1,), keepdims=False)
