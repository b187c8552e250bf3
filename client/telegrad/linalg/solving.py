"""Equations with a matrix: solved by elimination, by given factors, or in the sense of least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import axis_of, cast_to, detached, filled
from telegrad.functions.results import LU, LeastSquares, LUFactor, TriangularSolution, returned_by
from telegrad.functions.shape import permuted
from telegrad.linalg.decompositions import lower_factor, upper_factor
from telegrad.linalg.exchanges import matrix_of, order_of, pivots_of
from telegrad.linalg.inverses import pseudo_inverse
from telegrad.linalg.matrices import (
    adjoint_of,
    identity_matrix,
    product_of,
    require_floating,
    require_matrices,
    require_square,
    rows_at,
    rows_to,
    tied,
)
from telegrad.linalg.norms import singular_values
from telegrad.linalg.tolerances import count_above
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import int32, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError

_LUFactor, _LUUnpack = returned_by("linalg_lu_factor", LUFactor), returned_by("lu_unpack", LU)
_TriangularSolve = returned_by("triangular_solve", TriangularSolution)
_Lstsq = returned_by("linalg_lstsq", LeastSquares)


def takes_vectors(A: Tensor, B: Tensor) -> bool:
    """Whether `solve` reads B as vectors, one for each matrix."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))


@function(namespace="linalg", label="LinalgSolveExBackward0")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or with X A = B; B may hold vectors.

    Raises:
        ShapeError: no square matrices, or sizes that do not fit.
    """
    require_square(A, "linalg.solve")
    require_floating(A, "linalg.solve")
    if takes_vectors(A, B):
        if not left:
            raise ArgumentError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. "
                "In this case linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        out = p.solve(A, p.reshape(B, shape=(*B.shape, 1)))
        return p.reshape(out, shape=tuple(out.shape[:-1]))
    return p.solve(A, B) if left else adjoint_of(p.solve(adjoint_of(A), adjoint_of(B)))


def triangular(a: Tensor, b: Tensor, *, upper: bool, left: bool = True, unit: bool = False) -> Tensor:
    """X with a X = b, or with X a = b, of one triangle of a."""
    if left:
        return p.triangular_solve(a, b, upper=upper, unit=unit)
    return adjoint_of(p.triangular_solve(adjoint_of(a), adjoint_of(b), upper=not upper, unit=unit))


@function(namespace="linalg", label="LinalgSolveTriangularBackward0")
def solve_triangular(
    A: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Tensor:
    """X with A X = B, or with X A = B, of one triangle of A."""
    require_square(A, "linalg.solve_triangular")
    require_matrices(B, "linalg.solve_triangular", "B")
    # torch takes the right-hand side in the matrix's type.
    right = cast_to(B, A.dtype) if A.dtype.kind == "c" or B.dtype.kind != "c" else B
    return triangular(A, right, upper=upper, left=left, unit=unitriangular)


@function(method=True, label="TriangularSolveBackward0")
def triangular_solve(
    b: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
) -> TriangularSolution:
    """X with A X = b, or of A transposed, of one triangle of A; and a copy of A."""
    require_square(A, "triangular_solve")
    if transpose:
        order = (*range(A.ndim - 2), A.ndim - 1, A.ndim - 2)
        out = p.triangular_solve(p.transpose(A, perm=order), b, upper=not upper, unit=unitriangular)
    else:
        out = p.triangular_solve(A, b, upper=upper, unit=unitriangular)
    return _TriangularSolve(out, p.identity(A))


def _factored(x: Tensor) -> tuple[Tensor, Tensor]:
    factors, order = p.lu(x)
    return factors, pivots_of(order, min(x.shape[-2:]))


@function(namespace="linalg", label="LinalgLuFactorExBackward0")
def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactor:
    """Both triangular factors in one matrix, and LAPACK's list of row exchanges.

    Raises:
        ArgumentError: not to exchange rows, which LAPACK does not offer.
    """
    require_matrices(A, "linalg.lu_factor")
    if not pivot:
        raise ArgumentError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    return _LUFactor(*_factored(A))


@function(name="lu", method=True, label="LinalgLuFactorExBackward0")
def _old_lu(input: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Both triangular factors in one matrix, LAPACK's list of row exchanges, and zeros where `get_infos`."""
    factors, pivots = lu_factor(input, pivot=pivot)
    if get_infos:
        return factors, pivots, filled(tuple(input.shape[:-2]), 0, int32)
    return factors, pivots


def _with_factors(factors: Tensor, pivots: Tensor, b: Tensor, *, left: bool, adjoint: bool) -> Tensor:
    if not left:
        # X A = B is A^H X^H = B^H.
        return adjoint_of(_with_factors(factors, pivots, adjoint_of(b), left=True, adjoint=not adjoint))
    order = order_of(pivots, factors.shape[-2])
    if adjoint:
        turned = adjoint_of(factors)
        inner = p.triangular_solve(turned, b, upper=False, unit=False)
        return rows_to(p.triangular_solve(turned, inner, upper=True, unit=True), order)
    inner = p.triangular_solve(factors, rows_at(b, order), upper=False, unit=True)
    return p.triangular_solve(factors, inner, upper=True, unit=False)


@function(namespace="linalg", label="LinalgLuSolveBackward0")
def lu_solve(
    LU: Tensor,
    pivots: Tensor,
    B: Tensor,
    *,
    left: bool = True,
    adjoint: bool = False,
) -> Tensor:
    """X with A X = B, or with X A = B, or of A's adjoint, of the factors that `lu_factor` found."""
    require_square(LU, "torch.linalg.lu_solve")
    if pivots.dtype is not int32:
        raise DTypeError(
            "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32, got "
            f"{scalar_name(pivots.dtype)}"
        )
    return _with_factors(LU, pivots, B, left=left, adjoint=adjoint)


@function(name="lu_solve", method=True, label="LinalgLuSolveBackward0")
def _old_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = b of the factors that `lu` found."""
    require_square(LU_data, "torch.linalg.lu_solve")
    return _with_factors(LU_data, LU_pivots, b, left=True, adjoint=False)


@function(method=False, label="LuUnpackBackward0")
def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor,
    unpack_data: bool = True,
    unpack_pivots: bool = True,
) -> LU:
    """The permutation, lower and upper factor of what `lu_factor` found; what is not asked for is empty.

    Raises:
        DTypeError: the exchanges are not int32.
    """
    if unpack_pivots and LU_pivots.dtype is not int32:
        raise DTypeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, got "
            f"{scalar_name(LU_pivots.dtype)}"
        )
    none = filled((0,), 0, LU_data.dtype)
    permutation, lower, upper = none, none, none
    if unpack_pivots:
        permutation = matrix_of(order_of(LU_pivots, LU_data.shape[-2]), LU_data.dtype)
    if unpack_data:
        lower, upper = lower_factor(LU_data), upper_factor(LU_data)
    return _LUUnpack(permutation, lower, upper)


def _lower_of(factor: Tensor, *, upper: bool) -> Tensor:
    return adjoint_of(factor) if upper else factor


@function(method=True)
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """X with A X = `input` of A's Cholesky factor `input2`."""
    require_square(input2, "cholesky_solve")
    factor = _lower_of(input2, upper=upper)
    # Not as a triangle: torch's derivative by the factor is that of L L^H, the other triangle included.
    return p.solve(adjoint_of(factor), p.solve(factor, input))


@function(method=True)
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, of A's Cholesky factor."""
    require_square(L, "cholesky_inverse")
    half = p.solve(_lower_of(L, upper=upper), identity_matrix(L.shape[-1], L.dtype))
    return p.matmul(adjoint_of(half), half)


@function(namespace="linalg", label="LinalgLstsqBackward0")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """The X of least norm among those that make A X - B least, and what LAPACK's driver tells beside it.

    Raises:
        ArgumentError: there is no such driver.
        ShapeError: sizes that do not fit.
    """
    require_floating(A, "torch.linalg.lstsq")
    require_matrices(A, "torch.linalg.lstsq")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    driver = driver or "gelsy"
    vector = A.ndim - 1 == B.ndim and tuple(A.shape[:-1]) == tuple(B.shape)
    b = p.reshape(B, shape=(*B.shape, 1)) if vector else B
    m, n = A.shape[-2:]
    if b.shape[-2] != m:
        raise ShapeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    relative = rcond if rcond is not None else max(m, n) * float(np.finfo(A.dtype.to_real().typestr).eps)
    solution = p.matmul(pseudo_inverse(A, None, relative, hermitian=False), b)
    real = A.dtype.to_real()
    values, rank = filled((0,), 0, real), filled((0,), 0, int64)
    residuals = filled((0,), 0, real)
    if m > n and driver != "gelsy":
        miss = p.abs(p.sub(p.matmul(A, solution), b))
        residuals = p.sum(p.mul(miss, miss), axes=(miss.ndim - 2,), keepdims=False)
    if driver != "gels":
        found = singular_values(A)
        above = count_above(found, A, None, relative)
        rank = p.sum(p.cast(above, dtype=int64), axes=(found.ndim - 1,), keepdims=False)
        values = detached(found) if driver != "gelsy" else values
    if vector:
        solution = p.reshape(solution, shape=tuple(solution.shape[:-1]))
    return _Lstsq(solution, tied(residuals, solution), rank, values)


@function(namespace="linalg", label="ViewBackward0")
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X) = B; the dimensions `dims` of A are first moved to its end.

    Raises:
        ShapeError: A has not as many elements for B's dimensions as for X's.
    """
    x = A
    if dims is not None:
        moved = [axis_of(d, A.ndim) for d in dims]
        x = permuted(A, (*(i for i in range(A.ndim) if i not in moved), *moved))
    rest = tuple(x.shape[B.ndim :])
    rows, columns = product_of(B.shape), product_of(rest)
    if x.numel() != rows * rows or rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {columns} != {rows}"
        )
    out = p.solve(p.reshape(x, shape=(rows, columns)), p.reshape(B, shape=(rows, 1)))
    return p.reshape(out, shape=rest)
