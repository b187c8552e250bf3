"""Decompositions beside torch, through what does not depend on signs and phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.ops import emit as g
from telegrad_proto.errors import GradientError
from telegrad_proto.ir import Value
from tests.engine.ops.beside_torch import assert_as_torch
from tests.engine.ops.graphs import differentiated, leaf

#: Operators of several outputs, which `emit` types as one.
svd: Any = g.svd
eigh: Any = g.eigh
qr: Any = g.qr
eig: Any = g.eig


def matrices(rng: np.random.Generator, *shape: int, kind: str) -> np.ndarray:
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "c" else x


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_cholesky(kind: str, rng: np.random.Generator) -> None:
    import torch

    x = matrices(rng, 2, 3, 3, kind=kind)
    positive = x @ np.conj(x).swapaxes(-1, -2) + np.eye(3)
    assert_as_torch("cholesky", torch.linalg.cholesky, positive, orders=2, rtol=1e-7)


@pytest.mark.torch
@pytest.mark.parametrize(("shape", "complete"), [((4, 3), False), ((3, 3), True), ((2, 2, 4), False)])
def test_qr(shape: tuple[int, ...], complete: bool, rng: np.random.Generator) -> None:
    import torch

    x = matrices(rng, *shape, kind="f")
    mode = "complete" if complete else "reduced"
    assert_as_torch("qr", lambda t: torch.linalg.qr(t, mode), x, complete=complete, orders=2, rtol=1e-7)


def test_the_columns_that_any_could_replace_have_no_derivative() -> None:
    build = differentiated(lambda x: qr(x, complete=True), 1)
    values = [leaf(np.zeros(shape)) for shape in [(4, 3), (4, 4), (4, 3)]]
    with pytest.raises(GradientError, match="not differentiable when mode='complete' and nrows > ncols"):
        build(*values)


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 2), (2, 4)])
@pytest.mark.parametrize(("kind", "orders"), [("f", 2), ("c", 1)])
def test_svd(shape: tuple[int, ...], kind: str, orders: int, rng: np.random.Generator) -> None:
    import torch

    def sizes(x: Value) -> list[Value]:
        u, s, vh = svd(x, full=False)
        return [g.abs(u), s, g.abs(vh)]

    def theirs(t: torch.Tensor) -> list[torch.Tensor]:
        return [part.abs() for part in torch.linalg.svd(t, full_matrices=False)]

    assert_as_torch(sizes, theirs, matrices(rng, *shape, kind=kind), orders=orders, rtol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_eigh_reads_one_triangle(kind: str, rng: np.random.Generator) -> None:
    import torch

    def sizes(x: Value) -> list[Value]:
        w, v = eigh(x)
        return [w, g.abs(v)]

    x = matrices(rng, 2, 3, 3, kind=kind)
    assert_as_torch(
        sizes, lambda t: [p.abs() if i else p for i, p in enumerate(torch.linalg.eigh(t))], x, rtol=1e-6
    )


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 4), (4, 2)])
def test_lu(shape: tuple[int, ...], kind: str, rng: np.random.Generator) -> None:
    import torch

    def theirs(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        factors, pivots = torch.linalg.lu_factor(t)
        p, _, _ = torch.lu_unpack(factors, pivots)
        return factors, p.real.argmax(-2)

    assert_as_torch("lu", theirs, matrices(rng, *shape, kind=kind), orders=2, rtol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["f", "c"])
def test_values_alone(kind: str, rng: np.random.Generator) -> None:
    """What needs no vectors' phases: eigenvalues and singular values, real and complex."""
    import torch

    from tests.engine.ops.graphs import numbers

    x = matrices(rng, 3, 3, kind=kind)
    cases: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
        (lambda v: [svd(v, full=False)[1]], torch.linalg.svdvals),
        (lambda v: [eigh(v)[0]], torch.linalg.eigvalsh),
        (lambda v: [g.abs(eig(v)[0])], lambda t: torch.linalg.eigvals(t).abs()),
    ]
    for build, function in cases:
        t = torch.from_numpy(x).requires_grad_()
        theirs = function(t)
        mine = numbers(build, [x])[0]
        order, their_order = np.argsort(mine), np.argsort(theirs.detach().numpy())
        np.testing.assert_allclose(mine[order], theirs.detach().numpy()[their_order], rtol=1e-9)
        weights = np.empty(3)
        weights[order] = [1.0, 2.0, 3.0]
        their_weights = np.empty(3)
        their_weights[their_order] = [1.0, 2.0, 3.0]
        (found,) = torch.autograd.grad(theirs, t, torch.from_numpy(their_weights))
        (gradient,) = numbers(differentiated(build, 1), [x, weights])
        np.testing.assert_allclose(gradient, found.numpy(), rtol=1e-7, atol=1e-10)
