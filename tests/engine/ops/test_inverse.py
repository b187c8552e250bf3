"""Determinants and pseudo-inverses beside torch, singular matrices included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.kernels import linalg as kernels
from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value
from tests.engine.ops.beside_torch import assert_as_torch


def drawn(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "c" else x


def of_rank(rng: np.random.Generator, shape: tuple[int, ...], rank: int, kind: str) -> np.ndarray:
    *lead, m, n = shape
    made: np.ndarray = drawn(rng, (*lead, m, rank), kind) @ drawn(rng, (*lead, rank, n), kind)
    return made


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_det(kind: str, rng: np.random.Generator) -> None:
    import torch

    assert_as_torch("det", torch.linalg.det, drawn(rng, (2, 4, 4), kind), orders=2, rtol=1e-7)
    assert_as_torch("det", torch.linalg.det, drawn(rng, (1, 1), kind), rtol=1e-9)
    assert_as_torch("det", torch.linalg.det, np.zeros((0, 0), "c16" if kind == "c" else "f8"))


@pytest.mark.torch
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_det_of_singular_matrices_has_a_gradient(rank: int, rng: np.random.Generator) -> None:
    """torch's is this one where it records the backward pass, and 0 where it does not."""
    import torch

    x = of_rank(rng, (3, 3), rank, "f") if rank else np.zeros((3, 3))
    x[0] = x[1]  # exactly singular, whatever is rounded
    leaf = torch.from_numpy(x).requires_grad_()
    (theirs,) = torch.autograd.grad(torch.linalg.det(leaf), leaf, create_graph=True)
    np.testing.assert_allclose(kernels.cofactor(np, x), theirs.detach().numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", ["f", "c"])
def test_cofactors_of_singular_matrices(kind: str, rng: np.random.Generator) -> None:
    x = np.stack([of_rank(rng, (3, 3), 2, kind), drawn(rng, (3, 3), kind)])
    x[0, 2] = 0
    expected = np.empty_like(x)
    for batch in range(2):
        for i in range(3):
            for j in range(3):
                minor = np.delete(np.delete(x[batch], i, 0), j, 1)
                expected[batch, i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    np.testing.assert_allclose(kernels.cofactor(np, x), expected, rtol=1e-9, atol=1e-12)


def assert_pinv(
    function: Callable[..., Any],
    x: np.ndarray,
    *,
    rtol: float = 0.0,
    orders: int = 1,
    hermitian: bool = False,
) -> None:
    def build(v: Value) -> list[Value]:
        tolerances = [g.full(t, (), v.spec.dtype.to_real()) for t in (0.0, rtol)]
        return [g.pinv(v, *tolerances, hermitian=hermitian)]

    assert_as_torch(build, function, x, orders=orders, rtol=1e-7)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 2), (2, 2, 4)])
def test_pinv(shape: tuple[int, ...], kind: str, rng: np.random.Generator) -> None:
    import torch

    assert_pinv(torch.linalg.pinv, drawn(rng, shape, kind), orders=2)


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_pinv_of_less_than_full_rank(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    import torch

    x = of_rank(rng, shape, 2, "f")
    assert_pinv(lambda v: torch.linalg.pinv(v, rtol=1e-8), x, rtol=1e-8, orders=2)


@pytest.mark.torch
def test_pinv_of_hermitian_matrices(rng: np.random.Generator) -> None:
    import torch

    x = drawn(rng, (3, 3), "f")
    x = x + x.T
    assert_pinv(lambda v: torch.linalg.pinv(v, hermitian=True), x, hermitian=True)
