"""Equations with a matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

DRAW = np.random.default_rng(39)
A, B = DRAW.standard_normal((2, 3, 3)), DRAW.standard_normal((2, 3, 2))
TALL = DRAW.standard_normal((5, 3))


def test_solutions_fit() -> None:
    a, b = tg.tensor(A), tg.tensor(B)
    close(a @ tg.linalg.solve(a, b), B)
    close(tg.linalg.solve(a, b.mT, left=False) @ a, B.swapaxes(1, 2))
    close(tg.linalg.solve(a[0], tg.tensor(B[0, :, 0])), np.linalg.solve(A[0], B[0, :, 0]))
    close(tg.linalg.solve_triangular(a[0], b[0], upper=True), linalg.solve_triangular(A[0], B[0]))
    found = tg.triangular_solve(b[0], a[0], upper=False, transpose=True, unitriangular=True)
    close(found.solution, linalg.solve_triangular(A[0], B[0], lower=True, trans=1, unit_diagonal=True))
    close(found.cloned_coefficient, A[0])


def test_factors_are_used_again() -> None:
    a, b = tg.tensor(A), tg.tensor(B)
    factors, pivots = tg.linalg.lu_factor(a)
    close(tg.linalg.lu_solve(factors, pivots, b), np.linalg.solve(A, B))
    close(tg.linalg.lu_solve(factors, pivots, b, adjoint=True), np.linalg.solve(A.swapaxes(1, 2), B))
    wide = B.swapaxes(1, 2).copy()
    expected = np.linalg.solve(A.swapaxes(1, 2), B).swapaxes(1, 2)
    close(tg.linalg.lu_solve(factors, pivots, tg.tensor(wide), left=False), expected)
    close(tg.lu_solve(b, *tg.lu(a)), np.linalg.solve(A, B))
    assert len(tg.lu(a, get_infos=True)) == 3
    p, lower, upper = tg.lu_unpack(factors, pivots)
    close(p @ lower @ upper, A)
    assert tg.lu_unpack(factors, pivots, unpack_data=False).L.shape == (0,)
    positive = A @ A.swapaxes(1, 2)
    factor = tg.linalg.cholesky(tg.tensor(positive))
    close(tg.cholesky_solve(b, factor), np.linalg.solve(positive, B))
    close(tg.cholesky_inverse(factor.mT, upper=True), np.linalg.inv(positive))


@pytest.mark.parametrize("driver", ["gelsy", "gels", "gelsd", "gelss"])
def test_least_squares_are_numpys(driver: str) -> None:
    b = DRAW.standard_normal((5, 2))
    found = tg.linalg.lstsq(tg.tensor(TALL), tg.tensor(b), driver=driver)
    solution, residuals, rank, values = np.linalg.lstsq(TALL, b)
    close(found.solution, solution)
    close(found.residuals, np.zeros(0) if driver == "gelsy" else residuals)
    if driver != "gels":
        close(found.rank, rank)
    if driver in ("gelsd", "gelss"):
        close(found.singular_values, values)


def test_tensors_as_matrices() -> None:
    a, b = DRAW.standard_normal((2, 3, 6)), DRAW.standard_normal((2, 3))
    close(tg.linalg.tensorsolve(tg.tensor(a), tg.tensor(b)), np.linalg.tensorsolve(a, b))
    turned = np.moveaxis(a, 2, 0).copy()
    close(
        tg.linalg.tensorsolve(tg.tensor(turned), tg.tensor(b), dims=(0,)),
        np.linalg.tensorsolve(turned, b, (0,)),
    )


def factored(t: Tensors, **options: object) -> object:
    factors, pivots = t.m.linalg.lu_factor(t.leaf(3, 3))
    return t.m.linalg.lu_solve(factors, pivots, t.leaf(3, 2), **options)


def lower(t: Tensors) -> object:
    return t.leaf(of=np.tril(A[0]))


TORCH: dict[str, Case] = {
    "solve": lambda t: t.m.linalg.solve(t.leaf(2, 3, 3), t.leaf(2, 3, 2)),
    "solve vector": lambda t: t.m.linalg.solve(t.leaf(3, 3), t.leaf(3)),
    "solve right": lambda t: t.m.linalg.solve(t.leaf(3, 3), t.leaf(2, 3), left=False),
    "triangular": lambda t: t.m.linalg.solve_triangular(t.leaf(3, 3), t.leaf(3, 2), upper=True),
    "triangular right": lambda t: t.m.linalg.solve_triangular(
        t.leaf(3, 3), t.leaf(2, 3), upper=False, left=False, unitriangular=True
    ),
    "old triangular": lambda t: t.m.triangular_solve(t.leaf(3, 2), t.leaf(3, 3), transpose=True),
    "lu": factored,
    "lu adjoint": lambda t: factored(t, adjoint=True),
    "lu unpack": lambda t: t.m.lu_unpack(*t.m.linalg.lu_factor(t.leaf(4, 3))),
    "cholesky": lambda t: t.m.cholesky_solve(t.leaf(3, 2), lower(t)),
    "cholesky inverse": lambda t: t.m.cholesky_inverse(lower(t)),
    "lstsq": lambda t: t.m.linalg.lstsq(t.leaf(5, 3), t.leaf(5, 2)).solution,
    "tensorsolve": lambda t: t.m.linalg.tensorsolve(t.leaf(2, 3, 6), t.leaf(2, 3)),
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated")
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=case is not TORCH["tensorsolve"], rtol=1e-6, atol=1e-7)


WRONG: dict[str, Case] = {
    "solve": lambda t: t.m.linalg.solve(t.leaf(2, 3), t.leaf(2)),
    "driver": lambda t: t.m.linalg.lstsq(t.leaf(3, 2), t.leaf(3, 1), driver="gel"),
    "rows": lambda t: t.m.linalg.lstsq(t.leaf(3, 2), t.leaf(4, 1)),
    "tensorsolve": lambda t: t.m.linalg.tensorsolve(t.leaf(2, 3, 4), t.leaf(2, 3)),
    "pivot": lambda t: t.m.linalg.lu_factor(t.leaf(2, 2), pivot=False),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_a_triangle_decides_the_type() -> None:
    found = tg.linalg.solve_triangular(tg.eye(2), tg.ones(2, 1, dtype=tg.float64), upper=True)
    assert (found.dtype, found.tolist()) == (tg.float32, [[1.0], [1.0]])
