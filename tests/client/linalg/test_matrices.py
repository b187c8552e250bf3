"""What the functions of matrices share."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.linalg import matrices
from tests.client.functions.comparing import close

X = np.arange(24.0).reshape(2, 3, 4)
Z = X * (1 + 2j)


def test_transposes() -> None:
    close(matrices.turned(tg.tensor(Z)), Z.swapaxes(1, 2))
    close(matrices.adjoint_of(tg.tensor(Z)), Z.swapaxes(1, 2).conj())


def test_identities_and_triangles() -> None:
    close(matrices.identity_matrix(3, tg.float64), np.eye(3))
    for diagonal in (-2, 0, 1):
        close(matrices.triangle_of(tg.tensor(X), upper=True, diagonal=diagonal), np.triu(X, diagonal))
        close(matrices.triangle_of(tg.tensor(X), upper=False, diagonal=diagonal), np.tril(X, diagonal))


def test_parts() -> None:
    x = tg.tensor(X)
    close(matrices.cut(x, rows=(1, 3), columns=(0, 2)), X[:, 1:3, :2])
    close(matrices.diagonals(x), np.diagonal(X, axis1=1, axis2=2))
    close(matrices.diagonals(tg.tensor(X[:, :, :2])), np.diagonal(X[:, :, :2], axis1=1, axis2=2))
    close(matrices.diagonals(tg.zeros(2, 0, 3)), np.zeros((2, 0)))
    close(matrices.as_columns(x), X[..., None])
    close(matrices.as_rows(x), X[..., None, :])
    close(matrices.flat_column(x), X.reshape(2, 12))
    assert matrices.product_of((2, 3, 4)) == 24


def test_rows_move_and_come_back() -> None:
    order = np.array([[2, 0, 1], [1, 2, 0]])
    moved = matrices.rows_at(tg.tensor(X), tg.tensor(order))
    close(moved, np.take_along_axis(X, order[..., None], 1))
    close(matrices.rows_to(moved, tg.tensor(order)), X)


def test_a_tie_changes_nothing_but_the_graph() -> None:
    x = tg.tensor([1.0, float("nan")], requires_grad=True)
    made = matrices.tied(tg.ones(2), x)
    close(made, [1.0, 1.0])
    made.sum().backward()
    close(x.grad, [0.0, 0.0])


def test_words_are_torchs() -> None:
    with pytest.raises(
        RuntimeError, match=r"linalg.inv: A must be batches of square matrices, but they are 3 by 4"
    ):
        matrices.require_square(tg.zeros(2, 3, 4), "linalg.inv")
    with pytest.raises(RuntimeError, match=r"linalg.inv: The input tensor A must have at least 2 dimensions"):
        matrices.require_square(tg.zeros(2), "linalg.inv")
    with pytest.raises(RuntimeError, match=r"Expected a floating point or complex tensor as input. Got Long"):
        matrices.require_floating(tg.zeros(2, 2, dtype=tg.int64), "linalg.inv")
    with pytest.raises(RuntimeError, match=r"Low precision dtypes not supported. Got Half"):
        matrices.require_floating(tg.zeros(2, 2, dtype=tg.float16), "linalg.inv")
