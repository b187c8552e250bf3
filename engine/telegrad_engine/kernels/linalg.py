"""Matrix decompositions and equations over leading batch dimensions, for NumPy with SciPy, and for CuPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from telegrad_engine.kernels.bidiagonal import svd_of_wide, takes_another_way
from telegrad_proto.errors import LinAlgError
from telegrad_proto.shapes import broadcast

Array = Any


def _checked(xp: Any, run: Callable[[], Array], message: str) -> Array:
    """The result; a failed decomposition becomes the typed error."""
    try:
        with _strict(xp):
            return run()
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{message} ({error})") from error


def _strict(xp: Any) -> AbstractContextManager[Any]:
    """Inside, CuPy raises for a failed decomposition as NumPy does, in place of giving NaN."""
    if xp is np:
        return nullcontext()
    import cupyx  # late: optional, and only on a GPU

    return cupyx.errstate(linalg="raise")  # type: ignore[no-any-return]


def cholesky(xp: Any, x: Array) -> Array:
    """The lower triangular factor, read from the lower triangle.

    Raises:
        LinAlgError: a matrix is not positive definite.
    """
    return _checked(
        xp,
        lambda: xp.linalg.cholesky(x),
        "linalg.cholesky: The factorization could not be completed because the input is not "
        "positive-definite",
    )


def cholesky_order(xp: Any, x: Array) -> Array:
    """The order of the first leading minor that is not positive definite; 0 where all of them are.

    CuPy's decomposition does not tell it: the matrices go to this machine's processor.

    Shape: (..., n, n) gives (...), in the matrices' type
    """
    from scipy.linalg.lapack import get_lapack_funcs  # late: SciPy is slow to import

    host = x if xp is np else x.get()
    found = np.zeros(x.shape[:-2], x.dtype)
    if x.size:
        (factor,) = get_lapack_funcs(("potrf",), (host,))
        for place in np.ndindex(*x.shape[:-2]):
            found[place] = factor(host[place], lower=True)[1]
    return xp.asarray(found)


def qr(xp: Any, x: Array, *, complete: bool) -> tuple[Array, Array]:
    """Orthonormal columns and an upper triangle."""
    q, r = xp.linalg.qr(x, mode="complete" if complete else "reduced")
    return q, r


def svd(xp: Any, x: Array, *, full: bool) -> tuple[Array, Array, Array]:
    """Singular values with their left and right vectors.

    Raises:
        LinAlgError: the iteration did not converge.
    """
    wide = full and xp is np and takes_another_way(*x.shape[-2:])
    u, s, vh = _checked(
        xp,
        lambda: svd_of_wide(x) if wide else xp.linalg.svd(x, full_matrices=full),
        "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values",
    )
    return u, s, vh


def eigh(xp: Any, x: Array) -> tuple[Array, Array]:
    """Eigenvalues, increasing, and eigenvectors of Hermitian matrices, read from the lower triangle.

    Raises:
        LinAlgError: the iteration did not converge.
    """
    w, v = _checked(xp, lambda: xp.linalg.eigh(x, UPLO="L"), "linalg.eigh: The algorithm failed to converge")
    return w, v


def eig(xp: Any, x: Array) -> tuple[Array, Array]:
    """Complex eigenvalues and eigenvectors of length 1.

    Raises:
        LinAlgError: infinite or NaN elements, or the iteration did not converge.
    """
    w, v = _checked(xp, lambda: xp.linalg.eig(x), "linalg.eig: The algorithm failed to converge")
    complex_type = "<c8" if x.real.dtype.itemsize == 4 else "<c16"
    return w.astype(complex_type), v.astype(complex_type)


def solve(xp: Any, a: Array, b: Array) -> Array:
    """x with a x = b.

    Raises:
        LinAlgError: a matrix is singular.
    """
    lead = broadcast(a.shape[:-2], b.shape[:-2])
    b = xp.broadcast_to(b, (*lead, *b.shape[-2:]))
    if not b.size:
        return xp.zeros(b.shape, b.dtype)
    return _checked(
        xp,
        lambda: xp.linalg.solve(a, b),
        "torch.linalg.solve: The solver failed because the input matrix is singular.",
    )


def triangular_solve(xp: Any, a: Array, b: Array, *, upper: bool, unit: bool) -> Array:
    """x with a x = b of a's upper or lower triangle, its diagonal taken as ones where `unit`.

    A zero on the diagonal gives infinities and NaN, as BLAS does and torch.
    """
    lead = broadcast(a.shape[:-2], b.shape[:-2])
    shape = (*lead, *b.shape[-2:])
    if xp is not np:
        from cupyx.scipy.linalg import solve_triangular  # late: optional, and only on a GPU

        a, b = xp.broadcast_to(a, (*lead, *a.shape[-2:])), xp.broadcast_to(b, shape)
        out = xp.empty(shape, b.dtype)
        for place in np.ndindex(*lead):
            out[place] = solve_triangular(a[place], b[place], lower=not upper, unit_diagonal=unit)
        return out
    from scipy.linalg.blas import (
        get_blas_funcs,  # late: SciPy is slow to import, and many graphs need none of it
    )

    a, b = np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, shape)
    out = np.empty(shape, b.dtype)
    if not out.size:
        return out
    trsm = get_blas_funcs("trsm", (a, b))
    for place in np.ndindex(*lead):
        out[place] = trsm(1.0, a[place], b[place], lower=not upper, diag=unit)
    return out


def lu(xp: Any, x: Array) -> tuple[Array, Array]:
    """Both triangular factors in one matrix, and the row permutation p: x[p] = L U.

    Shape: (..., m, n) gives (..., m, n) and int64 (..., m)
    """
    if xp is np:
        from scipy.linalg import lu_factor  # late: SciPy is slow to import, and many graphs need none of it
    else:
        from cupyx.scipy.linalg import lu_factor  # late: optional, and only on a GPU
    lead, (rows, columns) = x.shape[:-2], x.shape[-2:]
    factors = xp.array(x, copy=True, order="C")
    perm = xp.broadcast_to(xp.arange(rows, dtype="<i8"), (*lead, rows)).copy()
    if not x.size:
        return factors, perm
    for place in np.ndindex(*lead):
        with warnings.catch_warnings():
            # A zero pivot is no error: the factors are right, and det() wants them.
            warnings.simplefilter("ignore")
            factors[place], swaps = lu_factor(x[place], check_finite=False)
        order = list(range(rows))
        for row, other in enumerate(swaps[: min(rows, columns)].tolist()):
            order[row], order[other] = order[other], order[row]
        perm[place] = xp.asarray(order)
    return factors, perm


#: Numerator of the Padé approximant of order 13, and the norm up to which it is exact to double precision.
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_NORM = 5.371920351148152


def matrix_exp(xp: Any, x: Array) -> Array:
    """The exponential of square matrices, each scaled by its own norm.

    Source: Higham: The scaling and squaring method for the matrix exponential revisited (2005).
    """
    if not x.size:
        return x
    wide = "<c16" if x.dtype.kind == "c" else "<f8"
    a = x.astype(wide).reshape(-1, *x.shape[-2:])
    norm = xp.abs(a).sum(axis=-2).max(axis=-1)
    halvings = xp.ceil(xp.log2(xp.maximum(norm / _PADE_NORM, 1.0)))
    halvings = xp.where(xp.isfinite(halvings), halvings, 0.0)
    a = a * xp.exp2(-halvings)[:, None, None]
    one = xp.broadcast_to(xp.eye(a.shape[-1], dtype=wide), a.shape)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a2 @ a4
    c = _PADE
    odd = a @ (a6 @ (c[13] * a6 + c[11] * a4 + c[9] * a2) + c[7] * a6 + c[5] * a4 + c[3] * a2 + c[1] * one)
    even = a6 @ (c[12] * a6 + c[10] * a4 + c[8] * a2) + c[6] * a6 + c[4] * a4 + c[2] * a2 + c[0] * one
    out = xp.linalg.solve(even - odd, even + odd)
    for step in range(int(halvings.max())):
        out = xp.where((halvings > step)[:, None, None], out @ out, out)
    return out.reshape(x.shape).astype(x.dtype)


def det(xp: Any, x: Array) -> Array:
    """The determinants of square matrices."""
    return xp.asarray(xp.linalg.det(x), x.dtype)


def cofactor(xp: Any, x: Array) -> Array:
    """The derivative of the determinant by each element, of singular matrices too.

    Of x = u diag(s) vh it is the product of those of the three; that of a diagonal is, at each place, the
    product of the others.

    Source: Stewart: On the adjugate matrix (1998).
    """
    if not x.size:
        return x
    n = x.shape[-1]
    flat = x.reshape(-1, n, n)
    size = xp.asarray(xp.linalg.det(flat))
    regular = xp.isfinite(size) & (size != 0)
    out = xp.empty_like(flat)
    if bool(regular.any()):
        inverse = xp.linalg.inv(flat[regular])
        out[regular] = size[regular][:, None, None] * xp.swapaxes(inverse, -1, -2)
    if not bool(regular.all()):
        u, s, vh = svd(xp, flat[~regular], full=False)
        one = xp.ones_like(s[:, :1])
        before = xp.cumprod(xp.concatenate([one, s[:, :-1]], axis=1), axis=1)
        behind = xp.cumprod(xp.concatenate([one, s[:, :0:-1]], axis=1), axis=1)[:, ::-1]
        phase = (xp.linalg.det(u) * xp.linalg.det(vh))[:, None, None]
        out[~regular] = phase * ((u.conj() * (before * behind)[:, None, :]) @ vh.conj())
    return out.reshape(x.shape)


def pinv(xp: Any, x: Array, atol: Array, rtol: Array, *, hermitian: bool) -> Array:
    """The matrices that invert x beside its small singular values, and are 0 on these.

    Small is what is not above `atol`, and not above `rtol` times the largest.

    Raises:
        LinAlgError: the iteration did not converge.
    """
    m, n = x.shape[-2:]
    if not m or not n:
        return xp.zeros((*x.shape[:-2], n, m), x.dtype)
    if hermitian:
        s, u = eigh(xp, x)
        vh = xp.swapaxes(u, -1, -2).conj()
    else:
        u, s, vh = svd(xp, x, full=False)
    size = xp.abs(s)
    cutoff = xp.maximum(atol[..., None], rtol[..., None] * xp.amax(size, axis=-1, keepdims=True))
    counts = size > cutoff
    scale = xp.where(counts, 1 / xp.where(counts, s, 1), 0).astype(s.dtype)
    right = xp.swapaxes(vh, -1, -2).conj() * scale[..., None, :]
    return right @ xp.swapaxes(u, -1, -2).conj()
