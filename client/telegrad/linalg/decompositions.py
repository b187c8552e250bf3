"""Factors of matrices: Cholesky, QR, LU, singular values, eigenvalues, reflections."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import expanded, filled
from telegrad.functions.results import LU, QR, SVD, Eigen, OldSVD, returned_by
from telegrad.linalg.exchanges import matrix_of
from telegrad.linalg.matrices import (
    adjoint_of,
    as_rows,
    cut,
    identity_matrix,
    require_floating,
    require_matrices,
    require_square,
    tied,
    triangle_of,
)
from telegrad.recording.registry import couple, function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError

_QR, _OldQR = returned_by("linalg_qr", QR), returned_by("qr", QR)
_SVD, _OldSVD = returned_by("linalg_svd", SVD), returned_by("svd", OldSVD)
_Eigh, _Eig = returned_by("linalg_eigh", Eigen), returned_by("linalg_eig", Eigen)
_LU = returned_by("linalg_lu", LU)


def lower_cholesky(x: Tensor, *, upper: bool) -> Tensor:
    """The lower factor; where `upper` its adjoint, read from the upper triangle."""
    return adjoint_of(p.cholesky(adjoint_of(x))) if upper else p.cholesky(x)


@function(namespace="linalg", label="LinalgCholeskyExBackward0")
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with A = L L^H, or its adjoint; the other triangle of A is not read."""
    require_square(A, "linalg.cholesky")
    return lower_cholesky(A, upper=upper)


@function(name="cholesky", method=True, label="CholeskyBackward0")
def _old_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The lower triangular L with A = L L^H, or its adjoint."""
    require_square(input, "cholesky")
    return lower_cholesky(input, upper=upper)


@function(namespace="linalg", label="LinalgQrBackward0")
def qr(A: Tensor, mode: str = "reduced") -> QR:
    """Orthonormal columns Q and an upper triangle R with A = Q R; mode "r" leaves Q empty.

    Raises:
        ArgumentError: another mode than "reduced", "complete" and "r".
    """
    require_floating(A, "linalg.qr")
    require_matrices(A, "linalg.qr")
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
            f"'complete'"
        )
    q, r = p.qr(A, complete=mode == "complete")
    return _QR(filled((0,), 0, A.dtype) if mode == "r" else q, r)


@function(name="qr", method=True, label="LinalgQrBackward0")
def _old_qr(input: Tensor, some: bool = True) -> QR:
    """Orthonormal columns Q and an upper triangle R with A = Q R."""
    require_floating(input, "linalg.qr")
    require_matrices(input, "linalg.qr")
    return _OldQR(*p.qr(input, complete=not some))


@function(namespace="linalg", label="LinalgSvdBackward0")
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """Singular values S, largest first, with A = U diag(S) Vh."""
    require_floating(A, "linalg.svd")
    require_matrices(A, "linalg.svd")
    return _SVD(*p.svd(A, full=full_matrices))


@function(name="svd", method=True, label="LinalgSvdBackward0")
def _old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """Singular values S, largest first, with A = U diag(S) V^H; U and V are zeros if not asked for."""
    require_floating(input, "linalg.svd")
    require_matrices(input, "linalg.svd")
    u, s, vh = p.svd(input, full=compute_uv and not some)
    if compute_uv:
        return _OldSVD(u, s, labelled(adjoint_of(vh), "TransposeBackward0"))
    lead, (m, n) = tuple(input.shape[:-2]), input.shape[-2:]
    return _OldSVD(filled((*lead, m, m), 0, input.dtype), s, filled((*lead, n, n), 0, input.dtype))


@function(namespace="linalg", label="LinalgSvdBackward0")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, largest first."""
    require_floating(A, "linalg.svdvals")
    require_matrices(A, "linalg.svdvals")
    return p.svd(A, full=False)[1]


def _hermitian(x: Tensor, uplo: str) -> tuple[Tensor, Tensor]:
    if uplo.upper() not in ("L", "U"):
        raise ArgumentError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    return p.eigh(adjoint_of(x) if uplo.upper() == "U" else x)


@function(namespace="linalg", label="LinalgEighBackward0")
def eigh(A: Tensor, UPLO: str = "L") -> Eigen:
    """Eigenvalues, increasing, and eigenvectors of Hermitian matrices, of which one triangle is read.

    Raises:
        ArgumentError: UPLO is neither "L" nor "U".
    """
    require_square(A, "linalg.eigh")
    return _Eigh(*_hermitian(A, UPLO))


@function(namespace="linalg", label="LinalgEighBackward0")
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues, increasing, of Hermitian matrices, of which one triangle is read."""
    require_square(A, "linalg.eigvalsh")
    return _hermitian(A, UPLO)[0]


@function(namespace="linalg", label="LinalgEigBackward0")
def eig(A: Tensor) -> Eigen:
    """Complex eigenvalues, and eigenvectors of length 1."""
    require_square(A, "linalg.eig")
    return _Eig(*p.eig(A))


@function(namespace="linalg", label="LinalgEigBackward0")
def eigvals(A: Tensor) -> Tensor:
    """The complex eigenvalues."""
    require_square(A, "linalg.eigvals")
    return p.eig(A)[0]


def lower_factor(factors: Tensor) -> Tensor:
    """The lower factor, ones on its diagonal, of both in one matrix.

    Shape: (..., m, n) to (..., m, min(m, n))
    """
    m, n = factors.shape[-2:]
    k = min(m, n)
    below = triangle_of(cut(factors, columns=(0, k)), upper=False, diagonal=-1)
    one = identity_matrix(m, factors.dtype)
    return p.add(below, cut(one, columns=(0, k)) if k != m else one)


def upper_factor(factors: Tensor) -> Tensor:
    """The upper factor of both in one matrix.

    Shape: (..., m, n) to (..., min(m, n), n)
    """
    return triangle_of(cut(factors, rows=(0, min(factors.shape[-2:]))), upper=True)


@function(namespace="linalg", label="LinalgLuBackward0")
def lu(A: Tensor, *, pivot: bool = True) -> LU:
    """A permutation P, L with ones on its diagonal and U with A = P L U.

    Raises:
        ArgumentError: not to exchange rows, which LAPACK does not offer.
    """
    require_matrices(A, "linalg.lu")
    if not pivot:
        raise ArgumentError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    factors, order = p.lu(A)
    return _LU(matrix_of(order, A.dtype), lower_factor(factors), upper_factor(factors))


def _reflected(x: Tensor, vector: Tensor, tau: Tensor) -> Tensor:
    """(1 - tau v v^H) x.

    Shape: x (..., m, n), vector (..., m, 1), tau (..., 1, 1)
    """
    return p.sub(x, p.mul(p.mul(vector, tau), p.matmul(adjoint_of(vector), x)))


def reflectors(x: Tensor, tau: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The vectors and factors of the reflections that columns below the diagonal stand for."""
    m = x.shape[-2]
    below = triangle_of(x, upper=False, diagonal=-1)
    one = identity_matrix(m, x.dtype)
    factors = as_rows(tau)
    return [
        (
            p.add(cut(below, columns=(i, i + 1)), cut(one, columns=(i, i + 1))),
            cut(factors, columns=(i, i + 1)),
        )
        for i in range(tau.shape[-1])
    ]


def _check_reflectors(x: Tensor, tau: Tensor, name: str) -> None:
    if x.ndim < 2 or x.shape[-2] < x.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if x.shape[-1] < tau.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tuple(tau.shape[:-1]) != tuple(x.shape[:-2]):
        raise ShapeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.shape[:-1])}"
        )


@function(namespace="linalg", label="LinalgHouseholderProductBackward0")
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of reflections that A holds below its diagonal, as LAPACK's geqrf.

    Raises:
        ShapeError: more columns than rows, or more factors than columns.
    """
    _check_reflectors(A, tau, "torch.linalg.householder_product")
    m, n = A.shape[-2:]
    out = expanded(cut(identity_matrix(m, A.dtype), columns=(0, n)), tuple(A.shape))
    for vector, factor in reversed(reflectors(A, tau)):
        out = _reflected(out, vector, factor)
    return out if tau.shape[-1] else tied(out, A)


@function(method=True, label="LinalgHouseholderProductBackward0")
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """The first columns of the product of reflections."""
    return householder_product(input, input2)


@function(method=True)
def ormqr(input: Tensor, tau: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """A product of reflections, or its adjoint, times a matrix from the left, or from the right.

    Raises:
        ShapeError: sizes that do not fit.
    """
    if input.ndim < 2 or input3.ndim < 2:
        raise ShapeError("torch.ormqr: input and other must have at least 2 dimensions.")
    if not input.dtype is tau.dtype is input3.dtype:
        raise DTypeError(
            "torch.ormqr: Expected input, tau and other to have the same dtype, but input has dtype "
            f"{scalar_name(input.dtype)}, tau {scalar_name(tau.dtype)} and other {scalar_name(input3.dtype)}"
        )
    side = input3.shape[-2] if left else input3.shape[-1]
    if input.shape[-2] != side:
        raise ShapeError(f"torch.ormqr: other.shape[{-2 if left else -1}] must be equal to input.shape[-2]")
    count = min(side, input.shape[-1])
    if tau.shape[-1:] != (count,):
        raise ShapeError(
            "torch.ormqr: tau.shape[-1] must be equal to min(other.shape[-2], input.shape[-1]), got "
            f"{tuple(tau.shape)}"
        )
    given: list[Any] = reflectors(input, tau)
    if not left:
        # x Q = (Q^H x^H)^H
        x, adjoint = adjoint_of(input3), not transpose
    else:
        x, adjoint = p.identity(input3), transpose
    for vector, factor in given if adjoint else reversed(given):
        x = _reflected(x, vector, p.conj(factor) if adjoint and factor.dtype.kind == "c" else factor)
    # With no reflections the derivative reads nothing, and counts as reading all the same, as torch's.
    return couple(x if left else adjoint_of(x), input, tau, input3)
