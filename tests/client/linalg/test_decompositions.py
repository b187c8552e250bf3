"""Factors of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import linalg

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

DRAW = np.random.default_rng(37)
X = DRAW.standard_normal((4, 3))
SQUARE = DRAW.standard_normal((3, 3))
POSITIVE = SQUARE @ SQUARE.T + np.eye(3)


def test_factors_make_the_matrix_again() -> None:
    close(tg.linalg.cholesky(tg.tensor(POSITIVE)), np.linalg.cholesky(POSITIVE))
    upper = tg.cholesky(tg.tensor(POSITIVE), upper=True)
    close(upper.mT @ upper, POSITIVE)
    q, r = tg.linalg.qr(tg.tensor(X))
    close(q @ r, X)
    close(q.mT @ q, np.eye(3))
    q, r = tg.qr(tg.tensor(X), some=False)
    assert (q.shape, r.shape) == ((4, 4), (4, 3))
    assert tg.linalg.qr(tg.tensor(X), "r").Q.shape == (0,)
    u, s, vh = tg.linalg.svd(tg.tensor(X), full_matrices=False)
    close((u * s) @ vh, X)
    u, s, v = tg.svd(tg.tensor(X))
    close((u * s) @ v.mT, X)
    assert tg.svd(tg.tensor(X), compute_uv=False).U.shape == (4, 4)
    close(tg.linalg.svdvals(tg.tensor(X)), np.linalg.svd(X, compute_uv=False))
    p, lower, upper = tg.linalg.lu(tg.tensor(X))
    close(p @ lower @ upper, X)


def test_eigenvalues() -> None:
    for triangle in ("L", "U"):
        read = (
            np.tril(SQUARE) + np.tril(SQUARE, -1).T
            if triangle == "L"
            else np.triu(SQUARE) + np.triu(SQUARE, 1).T
        )
        w, v = tg.linalg.eigh(tg.tensor(SQUARE), triangle)
        close(w, np.linalg.eigvalsh(read))
        close(tg.tensor(read) @ v, (v * w).numpy())
        close(tg.linalg.eigvalsh(tg.tensor(SQUARE), triangle), np.linalg.eigvalsh(read))
    w, v = tg.linalg.eig(tg.tensor(SQUARE))
    close(tg.tensor(SQUARE + 0j) @ v, (v * w).detach().numpy())
    close(tg.linalg.eigvals(tg.tensor(SQUARE)), np.linalg.eigvals(SQUARE))


def test_reflections_make_lapacks_q() -> None:
    (raw, tau), _ = linalg.qr(X, mode="raw")
    q = linalg.qr(X)[0]
    a, t = tg.tensor(np.ascontiguousarray(raw)), tg.tensor(tau)
    close(tg.linalg.householder_product(a, t), q[:, :3])
    close(tg.orgqr(a, t), q[:, :3])
    other = DRAW.standard_normal((4, 2))
    close(tg.ormqr(a, t, tg.tensor(other)), q @ other)
    close(tg.ormqr(a, t, tg.tensor(other), transpose=True), q.T @ other)
    close(tg.ormqr(a, t, tg.tensor(other.T.copy()), left=False), other.T @ q)


def absolute(function: str, *shape: int, **options: object) -> Case:
    """Of factors that are only given up to a sign or a phase."""
    return lambda t: [x.abs() for x in getattr(t.m.linalg, function)(t.leaf(*shape), **options)]


def positive(t: Tensors) -> object:
    x = t.leaf(3, 3)
    return x @ x.mT + t.data(np.eye(3))


TORCH: dict[str, Case] = {
    "cholesky": lambda t: t.m.linalg.cholesky(positive(t)),
    "cholesky upper": lambda t: t.m.linalg.cholesky(positive(t), upper=True),
    "qr": absolute("qr", 2, 4, 3),
    "qr wide": absolute("qr", 3, 5),
    "svd": absolute("svd", 4, 3, full_matrices=False),
    "svd wide": absolute("svd", 2, 3, 4, full_matrices=False),
    "svdvals": lambda t: t.m.linalg.svdvals(t.leaf(3, 4)),
    "eigh": absolute("eigh", 3, 3),
    "eigh upper": absolute("eigh", 3, 3, UPLO="U"),
    "eigvalsh": lambda t: t.m.linalg.eigvalsh(t.leaf(2, 3, 3)),
    "eig": absolute("eig", 3, 3),
    "eigvals": lambda t: t.m.linalg.eigvals(t.leaf(3, 3)),
    "lu": lambda t: t.m.linalg.lu(t.leaf(2, 3, 3)),
    "lu tall": lambda t: t.m.linalg.lu(t.leaf(4, 3)),
    "lu wide": lambda t: t.m.linalg.lu(t.leaf(3, 4)),
    "householder": lambda t: t.m.linalg.householder_product(t.leaf(4, 3), t.leaf(2)),
    "ormqr": lambda t: t.m.ormqr(t.leaf(4, 3), t.leaf(3), t.leaf(4, 2)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, rtol=1e-6, atol=1e-8)


WRONG: dict[str, Case] = {
    "qr mode": lambda t: t.m.linalg.qr(t.leaf(2, 2), "full"),
    "uplo": lambda t: t.m.linalg.eigh(t.leaf(2, 2), "X"),
    "eigh": lambda t: t.m.linalg.eigh(t.leaf(2, 3)),
    "svd": lambda t: t.m.linalg.svd(t.leaf(3)),
    "householder": lambda t: t.m.linalg.householder_product(t.leaf(2, 3), t.leaf(2)),
    "pivot": lambda t: t.m.linalg.lu(t.leaf(2, 2), pivot=False),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_a_matrix_that_is_not_positive() -> None:
    with pytest.raises(RuntimeError, match="not positive-definite"):
        tg.linalg.cholesky(tg.tensor(-POSITIVE)).tolist()


def test_what_fails_is_caught_by_torchs_name() -> None:
    with pytest.raises(tg.linalg.LinAlgError, match="not positive-definite"):
        tg.linalg.cholesky(-tg.eye(2)).tolist()


RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "linalg.qr": lambda m, x: m.linalg.qr(x),
    "qr": lambda m, x: m.qr(x),
    "linalg.svd": lambda m, x: m.linalg.svd(x),
    "svd": lambda m, x: m.svd(x),
    "linalg.eigh": lambda m, x: m.linalg.eigh(x),
    "linalg.eig": lambda m, x: m.linalg.eig(x),
    "linalg.lu": lambda m, x: m.linalg.lu(x),
    "linalg.lu_factor": lambda m, x: m.linalg.lu_factor(x),
    "lu_unpack": lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x)),
    "linalg.slogdet": lambda m, x: m.linalg.slogdet(x),
    "slogdet": lambda m, x: x.slogdet(),
    "triangular_solve": lambda m, x: m.triangular_solve(x, x),
    "linalg.lstsq": lambda m, x: m.linalg.lstsq(x, x),
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:torch.* is deprecated")
@pytest.mark.parametrize("function", RESULTS.values(), ids=RESULTS.keys())
def test_results_print_as_torchs(function: Callable[[Any, Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    diagonal = [[2.0, 0.0], [0.0, 3.0]]
    mine, theirs = function(tg, tg.tensor(diagonal)), function(torch, torch.tensor(diagonal))
    assert type(mine).__name__ == type(theirs).__name__
    assert repr(mine).split("=")[0] == repr(theirs).split("=")[0]
    assert mine._fields == tuple(name for name in type(mine)._fields if hasattr(theirs, name))
