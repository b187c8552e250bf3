"""Factors, inverses and solutions that tell what failed in place of raising."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad_proto.errors import LinAlgError

GOOD = [[4.0, 2.0], [2.0, 3.0]]
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
BAD = [[-1.0, 0.0], [0.0, 1.0]]


def stack(*matrices: Any) -> Any:
    return tg.tensor(np.array(matrices), requires_grad=True)


def test_cholesky() -> None:
    found = tg.linalg.cholesky_ex(stack(GOOD, SINGULAR, BAD))
    assert found.info.tolist() == [0, 2, 1]
    assert found.info.dtype is tg.int32
    assert tg.allclose(found.L[0], tg.linalg.cholesky(stack(GOOD)[0]))
    assert found.L[1:].isnan().all()
    upper = tg.linalg.cholesky_ex(stack(GOOD, BAD), upper=True)
    assert upper.info.tolist() == [0, 1]
    assert tg.allclose(upper.L[0], found.L[0].mT)
    z = stack(GOOD)[0].detach() + 0j
    assert tg.linalg.cholesky_ex(z).info.tolist() == 0
    with pytest.raises(RuntimeError, match="positive-definite"):
        tg.linalg.cholesky_ex(stack(BAD), check_errors=True)


def test_inverses() -> None:
    found = tg.linalg.inv_ex(stack(GOOD, SINGULAR, [[0.0, 0.0], [1.0, 0.0]]))
    assert found.info.tolist() == [0, 2, 2]
    assert tg.allclose(found.inverse[0], tg.linalg.inv(stack(GOOD)[0]))
    assert found.inverse[1:].isnan().all()
    assert repr(tg.linalg.inv_ex(tg.eye(1))).startswith("torch.return_types.linalg_inv_ex(\ninverse=")
    assert tg.linalg.inv_ex(tg.ones(3, 0, 0)).info.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="singular"):
        tg.linalg.inv_ex(stack(SINGULAR), check_errors=True)


def test_solutions() -> None:
    b = tg.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=tg.float64)
    found = tg.linalg.solve_ex(stack(GOOD, SINGULAR), b)
    assert found.info.tolist() == [0, 2]
    assert tg.allclose(found.result[0], tg.linalg.solve(stack(GOOD)[0], b[0]))
    assert found.result[1].isnan().all()
    right = tg.linalg.solve_ex(stack(GOOD), b, left=False)
    assert tg.allclose(right.result, tg.linalg.solve(stack(GOOD), b, left=False))
    alone = tg.linalg.solve_ex(stack(SINGULAR)[0], b[0])
    assert (alone.info.tolist(), alone.result.shape) == (2, (2,))
    with pytest.raises(RuntimeError, match="singular"):
        tg.linalg.solve_ex(stack(SINGULAR), b, check_errors=True)


def test_factors() -> None:
    found = tg.linalg.lu_factor_ex(stack(GOOD, SINGULAR, [[0.0, 1.0], [0.0, 2.0]]))
    assert found.info.tolist() == [0, 2, 1]
    factors, pivots = tg.linalg.lu_factor(stack(GOOD))
    assert tg.allclose(found.LU[:1], factors)
    assert found.pivots[:1].tolist() == pivots.tolist()
    assert tg.linalg.lu_factor_ex(tg.ones(2, 3, 0)).info.tolist() == [0, 0]
    assert tg.linalg.lu_factor_ex(stack(GOOD), check_errors=True).info.tolist() == [0]
    with pytest.raises(RuntimeError, match=r"U\[2,2\] is zero"):
        tg.linalg.lu_factor_ex(stack(GOOD, SINGULAR), check_errors=True)


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.linalg.cholesky_ex(x @ x.mT + m.eye(2, dtype=m.float64)),
        lambda m, x: m.linalg.cholesky_ex(x @ x.mT + m.eye(2, dtype=m.float64), upper=True),
        lambda m, x: m.linalg.inv_ex(x),
        lambda m, x: m.linalg.solve_ex(x, x[0]),
        lambda m, x: m.linalg.solve_ex(x, x[:, 0]),
        lambda m, x: m.linalg.lu_factor_ex(x),
    ],
)
@pytest.mark.torch
def test_they_are_those_of_torch(function: Callable[[Any, Any], Any], rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(3, 2, 2))
    mine, theirs = tg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    found, expected = function(tg, mine), function(torch, theirs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-13)
        assert a.requires_grad == b.requires_grad
    assert found[0].grad_fn.name() == expected[0].grad_fn.name()
    found[0].sin().sum().backward()
    expected[0].sin().sum().backward()
    np.testing.assert_allclose(mine.grad.numpy(), theirs.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.torch
def test_what_fails_is_told_as_by_torch() -> None:
    torch = pytest.importorskip("torch")
    x = np.array([GOOD, SINGULAR, BAD, [[0.0, 0.0], [0.0, 1.0]]])
    for name in ("cholesky_ex", "inv_ex", "lu_factor_ex"):
        mine, theirs = getattr(tg.linalg, name)(tg.tensor(x)), getattr(torch.linalg, name)(torch.tensor(x))
        assert mine.info.tolist() == theirs.info.tolist(), name


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.linalg.cholesky_ex(x, check_errors=True).info,
        lambda m, x: m.linalg.inv_ex(x, check_errors=True).info,
        lambda m, x: m.linalg.solve_ex(x, m.ones(2, 2, dtype=m.float64), check_errors=True).info,
        lambda m, x: m.linalg.lu_factor_ex(x, check_errors=True).info,
    ],
)
@pytest.mark.parametrize("wrong", [[[0.0, 0.0], [0.0, 1.0]], SINGULAR])
@pytest.mark.torch
def test_what_fails_raises_in_the_words_of_torch(function: Callable[[Any, Any], Any], wrong: Any) -> None:
    torch = pytest.importorskip("torch")
    for matrices in (wrong, [GOOD, wrong], [[GOOD, GOOD], [GOOD, wrong]]):
        with pytest.raises(RuntimeError) as theirs:
            function(torch, torch.tensor(matrices, dtype=torch.float64))
        with pytest.raises(LinAlgError) as mine:
            function(tg, tg.tensor(np.array(matrices)))
        assert str(mine.value).splitlines()[0] == str(theirs.value)
    assert function(tg, tg.tensor(np.array([GOOD]))).tolist() == [0]
