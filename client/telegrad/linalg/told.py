"""Factors, inverses and solutions that tell what failed in place of raising: torch's `_ex` functions.

What could not be computed has `info` other than 0, and NaN in its place.
"""

from __future__ import annotations

from typing import NamedTuple

from telegrad import _primitives as p
from telegrad.functions.operands import detached, filled, like
from telegrad.functions.results import returned_by
from telegrad.linalg.decompositions import lower_cholesky
from telegrad.linalg.inverses import inverted
from telegrad.linalg.matrices import (
    adjoint_of,
    diagonals,
    identity_matrix,
    require_floating,
    require_matrices,
    require_square,
)
from telegrad.linalg.solving import lu_factor, solve, takes_vectors
from telegrad.making.promotion import constant
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int32, int64
from telegrad_proto.errors import LinAlgError


class _Factor(NamedTuple):
    """A triangular factor, and for each matrix the order of the first minor without one, or 0."""

    L: Tensor
    info: Tensor


class _Inverse(NamedTuple):
    """The inverses, and for each matrix the place of its first pivot that is 0, or 0."""

    inverse: Tensor
    info: Tensor


class _Solution(NamedTuple):
    """The solutions, and for each matrix the place of its first pivot that is 0, or 0."""

    result: Tensor
    info: Tensor


class _Factors(NamedTuple):
    """Both triangular factors in one matrix, the rows exchanged, the place of the first pivot that is 0."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


_CholeskyEx = returned_by("linalg_cholesky_ex", _Factor)
_InvEx = returned_by("linalg_inv_ex", _Inverse)
_SolveEx = returned_by("linalg_solve_ex", _Solution)
_LuFactorEx = returned_by("linalg_lu_factor_ex", _Factors)


def _first_zero(factors: Tensor) -> Tensor:
    """The place, counted from 1, of the first 0 on the diagonals; 0 where there is none.

    Shape: (..., m, n) to int32 (...)
    """
    pivots = diagonals(detached(factors))
    if not pivots.shape[-1]:
        return filled(tuple(pivots.shape[:-1]), 0, int32)
    zero = p.cast(p.eq(pivots, like(pivots, 0)), dtype=int64)
    axis = pivots.ndim - 1
    first = p.add(p.argmax(zero, axis=axis, keepdims=False), constant(1, int64))
    return p.cast(p.mul(first, p.amax(zero, axes=(axis,), keepdims=False)), dtype=int32)


def _failed(info: Tensor) -> Tensor:
    """Shape: (...) to bool (..., 1, 1)"""
    shape = (*info.shape, 1, 1)
    return p.reshape(p.ne(info, constant(0, int32)), shape=shape)


def _regular(A: Tensor, failed: Tensor) -> Tensor:
    """The matrices, and in place of those that failed ones that cannot fail."""
    return p.where(failed, identity_matrix(A.shape[-1], A.dtype), A)


def _marked(result: Tensor, failed: Tensor) -> Tensor:
    return p.where(failed, like(result, float("nan")), result)


def _require_none(info: Tensor, name: str, words: str) -> None:
    """Looks at what failed.

    Raises:
        LinAlgError: something did; in the words, `{n}` is the first number that is not 0.
    """
    for place, n in enumerate(info.reshape(-1).tolist()):
        if n:
            matrix = f"(Batch element {place}): " if info.ndim else ""
            raise LinAlgError(f"{name}: {matrix}{words.format(n=n)}")


@function(namespace="linalg", label="LinalgCholeskyExBackward0")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> _Factor:
    """The Cholesky factors, and for each matrix the order of the first leading minor that is not positive
    definite; `check_errors` looks at those, and raises.

    Raises:
        LinAlgError: with `check_errors`, where a matrix is not positive definite.
    """
    require_square(A, "linalg.cholesky_ex")
    require_floating(A, "linalg.cholesky_ex")
    order = p.cholesky_order(detached(adjoint_of(A) if upper else A))
    info = p.cast(p.real(order) if order.dtype.kind == "c" else order, dtype=int32)
    if check_errors:
        _require_none(
            info,
            "linalg.cholesky_ex",
            "The factorization could not be completed because the input is not positive-definite (the "
            "leading minor of order {n} is not positive-definite).",
        )
    failed = _failed(info)
    return _CholeskyEx(_marked(lower_cholesky(_regular(A, failed), upper=upper), failed), info)


@function(namespace="linalg", label="LinalgInvExBackward0")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> _Inverse:
    """The inverses, and for each matrix the place of its first pivot that is 0; `check_errors` looks at
    those, and raises.

    Raises:
        LinAlgError: with `check_errors`, where a matrix is singular.
    """
    require_square(A, "linalg.inv_ex")
    require_floating(A, "linalg.inv_ex")
    info = _first_zero(p.lu(detached(A))[0])
    if check_errors:
        _require_none(
            info,
            "linalg.inv_ex",
            "The diagonal element {n} is zero, the inversion could not be completed because the input matrix "
            "is singular.",
        )
    failed = _failed(info)
    return _InvEx(_marked(inverted(_regular(A, failed)), failed), info)


@function(namespace="linalg", label="LinalgSolveExBackward0")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> _Solution:
    """X with A X = B, or with X A = B, and for each matrix the place of its first pivot that is 0;
    `check_errors` looks at those, and raises.

    Raises:
        LinAlgError: with `check_errors`, where a system is singular.
    """
    require_square(A, "linalg.solve")
    require_floating(A, "linalg.solve")
    info = _first_zero(p.lu(detached(A))[0])
    if check_errors:
        _require_none(
            info, "torch.linalg.solve_ex", "The solver failed because the input matrix is singular."
        )
    failed = _failed(info)
    result = solve(_regular(A, failed), B, left=left)
    marks = p.reshape(failed, shape=(*info.shape, 1)) if takes_vectors(A, B) else failed
    return _SolveEx(_marked(result, marks), info)


@function(namespace="linalg", label="LinalgLuFactorExBackward0")
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> _Factors:
    """Both triangular factors in one matrix, LAPACK's list of row exchanges, and for each matrix the place of
    its first pivot that is 0; `check_errors` looks at that list, and raises.

    Raises:
        LinAlgError: with `check_errors`, where a pivot is 0.
    """
    require_floating(A, "torch.linalg.lu_factor_ex")
    require_matrices(A, "torch.linalg.lu_factor_ex")
    factors, pivots = lu_factor(A, pivot=pivot)
    info = _first_zero(factors)
    if check_errors:
        _require_none(
            info,
            "torch.linalg.lu_factor_ex",
            "U[{n},{n}] is zero and using it on lu_solve would result in a division by zero. If you "
            "still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)",
        )
    return _LuFactorEx(factors, pivots, info)
