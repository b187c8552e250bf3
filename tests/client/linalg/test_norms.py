"""Norms of vectors and of matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

X = np.random.default_rng(31).standard_normal((3, 3))
ORDERS = ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]


@pytest.mark.parametrize("order", ORDERS)
def test_matrix_norms_are_numpys(order: object) -> None:
    x = tg.tensor(X)
    close(tg.linalg.matrix_norm(x, order), np.linalg.norm(X, order))  # type: ignore[call-overload]
    close(tg.linalg.norm(x, order), np.linalg.norm(X, order))  # type: ignore[call-overload]
    close(tg.linalg.cond(x, order), np.linalg.cond(X, order))  # type: ignore[arg-type]


def test_vector_norms_and_ranks() -> None:
    x = tg.tensor(X)
    close(tg.linalg.norm(x), np.linalg.norm(X))
    close(tg.linalg.vector_norm(x, 3, dim=1), np.linalg.norm(X, 3, axis=1))
    low = X[:, :1] @ X[:1]
    close(tg.linalg.matrix_rank(tg.tensor(np.stack([X, low]))), [3, 1])
    close(tg.linalg.matrix_rank(tg.tensor(low + low.T), hermitian=True), np.linalg.matrix_rank(low + low.T))
    close(tg.linalg.matrix_rank(x, 1e3), 0)


def matrix(order: object, **options: object) -> Case:
    return lambda t: t.m.linalg.matrix_norm(t.leaf(2, 3, 4), order, **options)


def equal_columns(t: Tensors) -> object:
    return t.m.linalg.matrix_norm(t.leaf(of=[[1.0, -1.0], [2.0, 2.0]]), 1)


TORCH: dict[str, Case] = {
    **{f"matrix {order}": matrix(order) for order in ORDERS},
    "matrix keepdim": matrix("nuc", keepdim=True),
    "matrix dims": matrix(1, dim=(2, 0)),
    "equal columns": equal_columns,
    "vector": lambda t: t.m.linalg.vector_norm(t.leaf(3, 4), 3, dim=(0, 1)),
    "vector inf": lambda t: t.m.linalg.norm(t.leaf(5), math.inf),
    "vector 0": lambda t: t.m.linalg.vector_norm(t.leaf(5), 0),
    "norm dim": lambda t: t.m.linalg.norm(t.leaf(3, 4), 1, dim=0),
    "cond": lambda t: t.m.linalg.cond(t.leaf(2, 3, 4)),
    "cond -2": lambda t: t.m.linalg.cond(t.leaf(3, 3), -2),
    "torch.norm nuc": lambda t: t.m.norm(t.leaf(3, 4), "nuc"),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    # Of the norm of order 0 torch's gradient has no graph.
    agree(case, second=case is not TORCH["vector 0"], names=case is not TORCH["torch.norm nuc"])


WRONG: dict[str, Case] = {
    "order": lambda t: t.m.linalg.matrix_norm(t.leaf(2, 2), 3),
    "word": lambda t: t.m.linalg.matrix_norm(t.leaf(2, 2), "max"),
    "same dims": lambda t: t.m.linalg.matrix_norm(t.leaf(2, 2), dim=(0, 0)),
    "vector": lambda t: t.m.linalg.matrix_norm(t.leaf(2)),
    "three dims": lambda t: t.m.linalg.norm(t.leaf(2, 2, 2), dim=(0, 1, 2)),
    "cube": lambda t: t.m.linalg.norm(t.leaf(2, 2, 2), 1),
    "integers": lambda t: t.m.linalg.vector_norm(t.data([1, 2])),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_halves_have_vector_norms() -> None:
    x = tg.tensor([300.0, 400.0], dtype=tg.float16)
    found = tg.linalg.vector_norm(x)
    assert (found.dtype, found.item()) == (tg.float16, 500.0)
    assert tg.linalg.norm(x).item() == 500.0
    assert tg.linalg.vector_norm(x, dtype=tg.float64).dtype is tg.float64
    with pytest.raises(RuntimeError, match="Low precision"):
        tg.linalg.norm(x[None], "nuc")
    with pytest.raises(RuntimeError, match="without narrowing"):
        tg.linalg.vector_norm(tg.ones(2), dtype=tg.float16)
