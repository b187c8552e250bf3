"""Singular vectors of wide matrices, their null space included, as PyTorch's LAPACK has them.

The basis of a null space is a matter of the way there. Where a matrix is much wider than high, LAPACK's
reference makes it triangular first; the Intel library that PyTorch comes with makes it bidiagonal at once.
Both are right. A program that prints the full `vh` should print the same with either library, so the second
way is gone here too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

#: LAPACK's reference goes by a triangular factor from this ratio of width to height on.
WIDE: Final = 11 / 6


def takes_another_way(height: int, width: int) -> bool:
    """Whether the reference and PyTorch's library come to different bases of the null space."""
    return 2 < height < width and width >= int(height * WIDE)


def svd_of_wide(x: Array) -> tuple[Array, Array, Array]:
    """Singular values with all left and right vectors, by a bidiagonal form.

    Shape: (..., m, n) with m < n gives (..., m, m), (..., m) and (..., n, n)

    Raises:
        LinAlgError: the iteration did not converge.

    Source: G. Golub, C. Van Loan, Matrix Computations, 4th edition, section 5.4.8.
    """
    m = x.shape[-2]
    left, middle, right = _bidiagonal(x)
    u, s, vh = np.linalg.svd(middle)
    right[..., :m, :] = vh @ right[..., :m, :]
    return left @ u, s, right


def _bidiagonal(x: Array) -> tuple[Array, Array, Array]:
    """Unitary matrices around a lower bidiagonal one.

    Shape: (..., m, n) gives (..., m, m), (..., m, m) and (..., n, n): x = left @ [middle, 0] @ right
    """
    a, (m, n) = x.copy(), x.shape[-2:]
    left = np.broadcast_to(np.eye(m, dtype=x.dtype), (*x.shape[:-2], m, m)).copy()
    right = np.broadcast_to(np.eye(n, dtype=x.dtype), (*x.shape[:-2], n, n)).copy()
    for i in range(m):
        v = _reflector(a[..., i, i:].conj())
        _from_right(a[..., :, i:], v)
        _from_left(right[..., i:, :], v)
        if i < m - 1:
            v = _reflector(a[..., i + 1 :, i])
            _from_left(a[..., i + 1 :, :], v)
            _from_right(left[..., :, i + 1 :], v)
    band = np.tri(m, dtype=bool) & ~np.tri(m, k=-2, dtype=bool)
    return left, np.where(band, a[..., :, :m], 0), right


def _reflector(x: Array) -> Array:
    """The unit vector whose reflection sends x to a multiple of the first unit vector; 0 for 0.

    Shape: (..., k) gives (..., k, 1)
    """
    norm = np.linalg.norm(x, axis=-1)
    first = np.abs(x[..., 0])
    phase = np.where(first == 0, 1, x[..., 0] / np.where(first == 0, 1, first))
    v = x.copy()
    v[..., 0] += phase * norm
    length = np.linalg.norm(v, axis=-1)
    return (v / np.where(length == 0, 1, length)[..., None])[..., None]


def _from_left(a: Array, v: Array) -> None:
    a -= 2 * v @ (v.conj().swapaxes(-1, -2) @ a)


def _from_right(a: Array, v: Array) -> None:
    a -= 2 * (a @ v) @ v.conj().swapaxes(-1, -2)
