"""Triangles of matrices as vectors."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix


@pytest.mark.parametrize("diag", [-1, 0, 1])
def test_there_and_back(diag: int) -> None:
    x = tg.arange(32.0).reshape(2, 4, 4)
    vector = tril_matrix_to_vec(x, diag)
    rows, columns = np.tril_indices(4, diag)
    assert vector.tolist() == x.numpy()[:, rows, columns].tolist()
    assert vec_to_tril_matrix(vector, diag).tolist() == x.tril(diag).tolist()


@pytest.mark.torch
@pytest.mark.parametrize("diag", [-1, 0, 1])
def test_as_torch(diag: int) -> None:
    torch = pytest.importorskip("torch")
    x = np.arange(16.0).reshape(4, 4)
    wanted = torch.distributions.utils.tril_matrix_to_vec(torch.tensor(x), diag)
    assert tril_matrix_to_vec(tg.tensor(x), diag).tolist() == wanted.tolist()
    back = torch.distributions.utils.vec_to_tril_matrix(wanted, diag)
    assert vec_to_tril_matrix(tg.tensor(wanted.numpy()), diag).tolist() == back.tolist()


def test_sizes() -> None:
    with pytest.raises(ValueError, match=r"diag \(3\) provided is outside"):
        tril_matrix_to_vec(tg.ones(3, 3), 3)
    with pytest.raises(ValueError, match="last dimension is 4 which cannot"):
        vec_to_tril_matrix(tg.ones(4))
