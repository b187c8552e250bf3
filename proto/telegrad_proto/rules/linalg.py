"""Matrix decompositions and equations, over leading batch dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, float16, int64
from telegrad_proto.errors import DTypeError, ShapeError
from telegrad_proto.rules.checks import require_equal_dtypes
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def _require_lapack(dtype: DType, name: str) -> None:
    if not dtype.is_differentiable:
        raise DTypeError(f"{name}: Expected a floating point or complex tensor as input. Got {dtype.name}")
    if dtype is float16:
        raise DTypeError(f"{name}: Low precision dtypes not supported. Got {dtype.name}")


def _require_matrix(x: Spec, name: str) -> None:
    _require_lapack(x.dtype, name)
    if x.ndim < 2:
        raise ShapeError(f"{name}: The input tensor A must have at least 2 dimensions.", shape=x.shape)


def _require_square(x: Spec, name: str) -> None:
    _require_matrix(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name}: A must be batches of square matrices, "
            f"but they are {x.shape[-2]} by {x.shape[-1]} matrices",
            shape=x.shape,
        )


def square(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The spec of square matrices made of square matrices.

    Args:
        specs: x.
        attrs: none.
        name: torch's name, for messages; as in all rules of this module.

    Raises:
        DTypeError: neither floating point nor complex, or half precision; as in all rules here.
        ShapeError: no square matrices.
    """
    (x,) = specs
    _require_square(x, name)
    return (x,)


def qr(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The specs of q and r.

    Shape: (..., m, n) gives (..., m, k) and (..., k, n); k is m where `complete`, else min(m, n).
    """
    (x,) = specs
    _require_matrix(x, name)
    m, n = x.shape[-2:]
    k = m if attrs["complete"] else min(m, n)
    return x.with_shape((*x.shape[:-1], k)), x.with_shape((*x.shape[:-2], k, n))


def svd(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The specs of u, s, vh.

    Shape: (..., m, n) gives (..., m, k), (..., min(m, n)), (..., l, n); k, l are m, n where `full`,
        else min(m, n).
    """
    (x,) = specs
    _require_matrix(x, name)
    *lead, m, n = x.shape
    k = min(m, n)
    left, right = (m, n) if attrs["full"] else (k, k)
    return (
        x.with_shape((*lead, m, left)),
        Spec((*lead, k), x.dtype.to_real()),
        x.with_shape((*lead, right, n)),
    )


def eigh(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The specs of the real eigenvalues and the eigenvectors, (..., n) and (..., n, n)."""
    (x,) = specs
    _require_square(x, name)
    return Spec(x.shape[:-1], x.dtype.to_real()), x


def eig(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The specs of the complex eigenvalues and eigenvectors, (..., n) and (..., n, n)."""
    (x,) = specs
    _require_square(x, name)
    dtype = x.dtype.to_complex()
    return Spec(x.shape[:-1], dtype), x.with_dtype(dtype)


def lu(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The specs of both factors in one matrix and of the row permutation, (..., m, n) and (..., m)."""
    (x,) = specs
    _require_matrix(x, name)
    return x, Spec(x.shape[:-1], int64)


def solve(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The spec of x with a x = b.

    Shape: (..., n, n) and (..., n, k) give (..., n, k); leading dimensions broadcast.

    Raises:
        DTypeError: two dtypes.
        ShapeError: no square matrices, sizes that differ, leading dimensions that do not broadcast.
    """
    a, b = specs
    require_equal_dtypes(a, b)
    _require_square(a, name)
    if b.ndim < 2:
        raise ShapeError(f"{name}: The input tensor B must have at least 2 dimensions.", shape=b.shape)
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(
            f"{name}: Incompatible shapes of A and B for the equation AX = B "
            f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})",
            a=a.shape,
            b=b.shape,
        )
    return (b.with_shape((*shapes.broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])),)


def determinant(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The spec of determinants, (..., n, n) gives (...)."""
    (x,) = specs
    _require_square(x, name)
    return (x.with_shape(x.shape[:-2]),)


def pinv(specs: tuple[Spec, ...], attrs: Attrs, *, name: str) -> tuple[Spec, ...]:
    """The spec of pseudo-inverses.

    Shape: (..., m, n) and two tolerances that broadcast to (...) give (..., n, m).

    Raises:
        DTypeError: a tolerance of another type than the absolute values of x have.
        ShapeError: a tolerance that does not broadcast, or Hermitian matrices that are not square.
    """
    x, *tolerances = specs
    _require_matrix(x, name)
    if attrs["hermitian"]:
        _require_square(x, name)
    lead = x.shape[:-2]
    for tolerance in tolerances:
        if tolerance.dtype is not x.dtype.to_real():
            raise DTypeError(
                f"{name}: a tolerance is of type {x.dtype.to_real().name}, got {tolerance.dtype.name}"
            )
        if shapes.broadcast(lead, tolerance.shape) != lead:
            raise ShapeError(
                f"{name}: a tolerance stretches to {list(lead)}, got {list(tolerance.shape)}",
                x=x.shape,
                tolerance=tolerance.shape,
            )
    return (x.with_shape((*lead, x.shape[-1], x.shape[-2])),)
