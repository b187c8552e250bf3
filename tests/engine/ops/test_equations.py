"""Equations and the matrix exponential beside torch."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.ops.equations import lower, upper
from tests.engine.ops.beside_torch import assert_as_torch
from tests.engine.ops.graphs import numbers


def complexify(x: np.ndarray, kind: str) -> np.ndarray:
    return x * (1 - 0.5j) + 0.1j if kind == "c" else x


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_solve(kind: str, rng: np.random.Generator) -> None:
    import torch

    a = complexify(rng.standard_normal((2, 1, 3, 3)) + 2 * np.eye(3), kind)
    b = complexify(rng.standard_normal((4, 3, 2)), kind)
    assert_as_torch("solve", torch.linalg.solve, a, b, orders=2, rtol=1e-7)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("above", [False, True])
def test_triangular_solve(above: bool, unit: bool, kind: str, rng: np.random.Generator) -> None:
    import torch

    a = complexify(rng.standard_normal((2, 3, 3)) + 2 * np.eye(3), kind)
    b = complexify(rng.standard_normal((2, 3, 2)), kind)
    a = np.triu(a) if above else np.tril(a)
    assert_as_torch(
        "triangular_solve",
        lambda x, y: torch.linalg.solve_triangular(x, y, upper=above, unitriangular=unit),
        a,
        b,
        upper=above,
        unit=unit,
        orders=2,
        rtol=1e-7,
    )


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_matrix_exp(kind: str, rng: np.random.Generator) -> None:
    import torch

    x = complexify(rng.standard_normal((2, 3, 3)), kind)
    assert_as_torch("matrix_exp", torch.linalg.matrix_exp, x, orders=2, rtol=1e-7)


def test_triangles() -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    for diagonal in (True, False):
        below, above = numbers(lambda v, d=diagonal: (lower(v, diagonal=d), upper(v, diagonal=d)), [x])
        np.testing.assert_array_equal(below, np.tril(x, 0 if diagonal else -1))
        np.testing.assert_array_equal(above, np.triu(x, 0 if diagonal else 1))
