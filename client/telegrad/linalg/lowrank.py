"""Decompositions of matrices of low rank, by random projections."""

from __future__ import annotations

from telegrad.functions.results import OldSVD
from telegrad.recording.registry import FUNCTIONS, function
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


def _range_of(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """Orthonormal columns that nearly span what a matrix maps to.

    Shape: (..., m, n) gives (..., m, q)

    Source: N. Halko et al., Finding structure with randomness (2011), algorithm 4.4.
    """
    randn, qr = FUNCTIONS[""]["randn"], FUNCTIONS["linalg"]["qr"]
    moved = A if M is None else A - M
    Q = qr(moved @ randn(A.shape[-1], q, dtype=A.dtype))[0]
    for _ in range(niter):
        Q = qr(moved.mH @ Q)[0]
        Q = qr(moved @ Q)[0]
    return Q  # type: ignore[no-any-return]


@function(method=False, label=None)
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> OldSVD:
    """The largest singular values of matrices and their vectors, nearly.

    Args:
        A: the matrices.
        q: how many; a little more than the rank is best.
        niter: how often to improve the projection.
        M: what to subtract before, such as the mean of the rows.

    Shape: (..., m, n) gives (..., m, q), (..., q), (..., n, q)
    """
    rank = 6 if q is None else q
    wide = A.shape[-2] < A.shape[-1]
    B = A.mH if wide else A
    N = None if M is None else M.broadcast_to(A.shape).mH if wide else M
    Q = _range_of(B, rank, 2 if niter is None else niter, N)
    U, S, Vh = FUNCTIONS["linalg"]["svd"](Q.mH @ (B if N is None else B - N), False)
    U = Q @ U
    return OldSVD(Vh.mH, S, U) if wide else OldSVD(U, S, Vh.mH)


@function(method=False, label=None)
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> OldSVD:
    """The principal components of rows, nearly.

    Args:
        A: the rows.
        q: how many components; by default 6, or fewer where a side is shorter.
        center: subtract the mean of the rows.
        niter: how often to improve the projection.

    Raises:
        ArgumentError: more components than a side has places, or fewer than none.
    """
    m, n = A.shape[-2:]
    rank = min(6, m, n) if q is None else q
    if not 0 <= rank <= min(m, n):
        raise ArgumentError(
            f"q(={rank}) must be non-negative integer and not greater than min(m, n)={min(m, n)}"
        )
    if niter < 0:
        raise ArgumentError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(dim=-2, keepdim=True) if center else A, rank, niter)
