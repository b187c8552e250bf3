"""Triangles of matrices as vectors."""

from __future__ import annotations

import numpy as np

from telegrad.making.creation import from_array
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements on and below a diagonal, row by row.

    Shape: (..., n, n) gives (..., m)

    Raises:
        ArgumentError: there is no such diagonal.
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ArgumentError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    places = np.flatnonzero(np.tri(n, n, diag))
    return mat.flatten(-2).index_select(-1, from_array(places))


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """The square matrix with these elements on and below a diagonal, row by row, and zeros above.

    Shape: (..., m) gives (..., n, n)

    Raises:
        ArgumentError: no square matrix has so many.
    """
    m = vec.shape[-1]
    root = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * m + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    n = round(root)
    if abs(n - root) > np.finfo(vec.dtype.typestr).eps:
        raise ArgumentError(
            f"The size of last dimension is {m} which cannot be expressed as the lower triangular part of a "
            "square D x D matrix."
        )
    inside = np.tri(n, n, diag, dtype=bool).reshape(-1)
    places = np.where(inside, np.cumsum(inside) - 1, 0)
    chosen = vec.index_select(-1, from_array(places)) * from_array(inside)
    return chosen.unflatten(-1, (n, n))
