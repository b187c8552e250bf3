"""The transforms and PyTorch's, on the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch


def tree_equal(mine: Any, theirs: Any) -> None:
    """Same nesting, shapes and numbers."""
    if isinstance(theirs, torch.Tensor):
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert mine.requires_grad == theirs.requires_grad
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-10, atol=1e-12)
    elif isinstance(theirs, dict):
        assert mine.keys() == theirs.keys()
        for key in theirs:
            tree_equal(mine[key], theirs[key])
    else:
        assert len(mine) == len(theirs)
        for one, other in zip(mine, theirs, strict=True):
            tree_equal(one, other)


def f(x: Any) -> Any:
    return (x.sin() @ x.T).cumsum(0)


def scalar(x: Any) -> Any:
    return (x.sin() @ x.T).logsumexp(0).prod()


def two(a: Any, b: Any) -> Any:
    return {"p": (a * b, a.sum()), "q": b.exp().mean()}


def loss(w: Any, x: Any) -> Any:
    return ((x @ w.T).tanh() ** 2).sum()


CASES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "grad": lambda m, x, y: m.func.grad(scalar)(x),
    "grad of grad": lambda m, x, y: m.func.grad(lambda x: m.func.grad(scalar)(x).sin().sum())(x),
    "argnums": lambda m, x, y: m.func.grad(loss, argnums=(0, 1))(x, y),
    "value": lambda m, x, y: m.func.grad_and_value(lambda x: (scalar(x), x), has_aux=True)(x),
    "vjp": lambda m, x, y: m.func.vjp(f, x)[1](m.ones_like(f(x))),
    "vjp of several": lambda m, x, y: m.func.vjp(two, x, y)[1](
        {"p": (y, x.sum()), "q": m.ones_like(x[0, 0])}
    ),
    "jvp": lambda m, x, y: m.func.jvp(two, (x, y), (y, x)),
    "jvp of integers": lambda m, x, y: m.func.jvp(lambda x: (x * x, x > 0, x.to(m.int32)), (x,), (y,)),
    "jacfwd of integers": lambda m, x, y: m.func.jacfwd(lambda x: (x * x, x > 0))(x),
    "histc": lambda m, x, y: m.vmap(lambda x: (m.histc(x, 4), m.histc(x, 4, -1, 1)))(x),
    "in place": lambda m, x, y: m.vmap(lambda x: m.zeros_like(x).add_(x))(x),
    "jacrev": lambda m, x, y: m.func.jacrev(two, argnums=(0, 1))(x, y),
    "jacfwd": lambda m, x, y: m.func.jacfwd(two, argnums=(0, 1))(x, y),
    "hessian": lambda m, x, y: m.func.hessian(scalar)(x),
    "hessian of two": lambda m, x, y: m.func.hessian(loss, argnums=(0, 1))(x, y),
    "per sample": lambda m, x, y: m.vmap(m.func.grad(loss), (None, 0))(x, y),
    "jacobians of rows": lambda m, x, y: m.vmap(m.func.jacrev(lambda r: r.outer(r.cos())))(x),
    "hessians of rows": lambda m, x, y: m.vmap(m.func.hessian(lambda r: r.sin().prod()))(x),
    "rows of vjps": lambda m, x, y: m.vmap(m.func.vjp(lambda a: a.exp(), x)[1])(m.stack([x, y])),
    "nested": lambda m, x, y: m.vmap(m.vmap(lambda a, b: (a * b).sin(), (0, None)), (None, 0), 1)(x, y),
    "tangents": lambda m, x, y: m.vmap(lambda t: m.func.jvp(f, (x,), (t,))[1])(m.stack([x, y])),
    "out dims": lambda m, x, y: m.vmap(two, in_dims=1, out_dims={"p": (-1, 0), "q": 0})(x, y),
    "chunks": lambda m, x, y: m.vmap(lambda r: r.softmax(0), chunk_size=2)(m.cat([x, y])),
    "linearize": lambda m, x, y: m.func.linearize(f, x)[1](y),
    "jacobian": lambda m, x, y: m.autograd.functional.jacobian(lambda a, b: (a * b, a.sum()), (x, y)),
    "jacobian with a graph": lambda m, x, y: m.autograd.functional.jacobian(
        f, x.clone().requires_grad_(), create_graph=True
    ),
    "functional hessian": lambda m, x, y: m.autograd.functional.hessian(loss, (x, y)),
    "functional vjp": lambda m, x, y: m.autograd.functional.vjp(f, x, f(y)),
    "functional jvp": lambda m, x, y: m.autograd.functional.jvp(f, x, y),
    "functional vhp": lambda m, x, y: m.autograd.functional.vhp(scalar, x, y),
    "functional hvp": lambda m, x, y: m.autograd.functional.hvp(loss, (x, y), (y, x)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_it_is_what_torch_gives(name: str, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 2, 3))
    mine = CASES[name](tg, tg.tensor(x), tg.tensor(y))
    tree_equal(mine, CASES[name](torch, torch.tensor(x), torch.tensor(y)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, x: m.vmap(lambda a: a, in_dims=5)(x),
        lambda m, x: m.vmap(lambda a: a, in_dims=(0, 0))(x),
        lambda m, x: m.vmap(lambda a: 1)(x),
        lambda m, x: m.vmap(lambda a: a)(),
        lambda m, x: m.vmap(lambda a, b: a)(x, x[0]),
        lambda m, x: m.vmap(lambda a: float(a.sum()))(x),
        lambda m, x: m.vmap(lambda a: m.rand(2))(x),
        lambda m, x: m.func.grad(lambda a: a)(x),
        lambda m, x: m.func.grad(lambda a: a.sum(), argnums=3)(x),
        lambda m, x: m.func.vjp(lambda a: (a, a), x)[1](x),
        lambda m, x: m.func.jvp(lambda a: a, (x,), (x, x)),
        lambda m, x: m.func.jacrev(lambda a: 1)(x),
        lambda m, x: m.func.jacfwd(lambda a: a)(x.to(m.int64)),
        lambda m, x: m.func.jacrev(lambda a: a)(x.to(m.int64)),
        lambda m, x: m.func.hessian(lambda a: a.sum())(x.to(m.int64)),
        lambda m, x: m.func.jvp(lambda a: a, (x.to(m.int64),), (x,)),
        lambda m, x: m.func.jvp(lambda a: a, (x,), (x.to(m.int64),)),
        lambda m, x: m.vmap(lambda a: m.zeros(3).add_(a))(x),
        lambda m, x: m.vmap(lambda a: m.zeros(3).__setitem__(0, a[0]))(x),
        lambda m, x: m.autograd.functional.vjp(lambda a: a, x),
        lambda m, x: m.autograd.gradcheck(lambda a: a, x),
    ],
)
def test_what_torch_refuses_is_refused_as_torch_does(wrong: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(Exception) as theirs:
        wrong(torch, torch.ones(2, 3))
    with pytest.raises(theirs.type):
        wrong(tg, tg.ones(2, 3))
