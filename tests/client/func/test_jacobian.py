"""Jacobians row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.func import jacrev, vmap
from telegrad.func.jacobian import basis, split


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(2, 3)))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-14)


def rows(function: Any, x: Any) -> Any:
    leaf = x.clone().requires_grad_()
    y = function(leaf)
    found = [tg.autograd.grad(e, leaf, retain_graph=True)[0] for e in y.reshape(-1).unbind(0)]
    return tg.stack(found).reshape((*y.shape, *x.shape))


def function(x: Any) -> Any:
    return (x.sin() @ x.T).cumsum(0)


def test_it_is_the_gradients_row_by_row(x: Any) -> None:
    same(jacrev(function)(x), rows(function, x))
    for size in (1, 3, 4, 9):
        same(jacrev(function, chunk_size=size)(x), rows(function, x))
    assert jacrev(lambda x: x.sum())(x).shape == x.shape


def test_it_is_one_request(x: Any) -> None:
    jacrev(function)(x)
    requests = tg.current_session().recorder.backwards
    assert [(request.batched, len(request.roots)) for request in requests] == [(True, 1)]


def test_trees(x: Any) -> None:
    found = jacrev(lambda a, b: {"s": a.sum(), "p": (a * b,)}, argnums=(0, 1))(x, 2 * x)
    assert found["s"][0].shape == (2, 3)
    same(found["s"][1], 0 * x)
    same(found["p"][0][1].reshape(6, 6), tg.diag(x.reshape(-1)))
    found, aux = jacrev(lambda a: (a * a, "beside"), has_aux=True)(x)
    assert aux == "beside"
    same(found.reshape(6, 6), tg.diag(2 * x.reshape(-1)))


def test_of_each_example(x: Any) -> None:
    same(
        vmap(jacrev(lambda r: r.sin() * r.sum()))(x),
        tg.stack([rows(lambda r: r.sin() * r.sum(), r) for r in x]),
    )
    same(jacrev(vmap(lambda r: r.prod()))(x), rows(lambda x: x.prod(1), x))


def test_of_a_jacobian(x: Any) -> None:
    found = jacrev(jacrev(lambda x: x.prod()))(x)
    same(found, rows(jacrev(lambda x: x.prod()), x))


def test_a_basis_of_several_tensors(x: Any) -> None:
    parts = list(basis([x, x[0]], 4))
    assert [part[0].shape[0] for part in parts] == [4, 4, 1]
    whole = tg.cat([tg.cat([part[0].reshape(-1, 6), part[1]], 1) for part in parts])
    same(whole, tg.eye(9, dtype=tg.float64))
    first, second = split([part[1] for part in parts], [x, x[0]])
    assert (first.shape, second.shape) == ((6, 3), (3, 3))
    same(second, tg.eye(3, dtype=tg.float64))
    with pytest.raises(ValueError, match="greater than 0"):
        list(basis([x], 0))


def test_nothing_to_differentiate(x: Any) -> None:
    assert jacrev(lambda x: x[:, :0])(x).shape == (2, 0, 2, 3)
    same(jacrev(lambda x: tg.ones(2))(x), tg.zeros(2, 2, 3, dtype=tg.float64))
