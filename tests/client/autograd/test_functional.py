"""`autograd.functional`: values held against `func`, words of errors are torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad import func
from telegrad.autograd.functional import as_tuple, hessian, hvp, jacobian, jvp, vhp, vjp


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(2, 3)))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-11, atol=1e-13)


def function(x: Any) -> Any:
    return (x.sin() @ x.T).cumsum(0)


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
@pytest.mark.parametrize("vectorize", [False, True])
def test_jacobians(x: Any, strategy: str, vectorize: bool) -> None:
    options: dict[str, Any] = {"strategy": strategy, "vectorize": vectorize}
    same(jacobian(function, x, **options), func.jacrev(function)(x))
    found = jacobian(lambda a, b: (a * b, a.sum()), (x, 2 * x), **options)
    assert [[tuple(j.shape) for j in row] for row in found] == [[(2, 3, 2, 3)] * 2, [(2, 3)] * 2]
    same(found[0][1].reshape(6, 6), tg.diag(x.reshape(-1)))
    (single,) = jacobian(lambda a: a.sum(), (x,), **options)
    same(single, tg.ones_like(x))
    assert not single.requires_grad


def test_it_is_one_request(x: Any) -> None:
    jacobian(lambda a: (a * a, a.sum()), x)
    assert [request.batched for request in tg.current_session().recorder.backwards] == [True]


def test_jacobians_that_are_differentiated(x: Any) -> None:
    leaf = x.clone().requires_grad_()
    jacobian(lambda a: a**3, leaf, create_graph=True).sum().backward()
    same(leaf.grad, 6 * x)


def test_hessians(x: Any) -> None:
    def scalar(a: Any) -> Any:
        return function(a).prod()

    wanted = func.hessian(scalar)(x)
    for strategy in ("reverse-mode", "forward-mode"):
        same(hessian(scalar, x, outer_jacobian_strategy=strategy), wanted)
    found = hessian(lambda a, b: (a * b).sum(), (x, x))
    same(found[0][1].reshape(6, 6), tg.eye(6, dtype=tg.float64))
    v = x.cos()
    for product in (hvp, vhp):
        output, made = product(scalar, x, v)
        same(output, scalar(x))
        same(made, (wanted * v).sum((-2, -1)))


def test_products(x: Any) -> None:
    rows = func.jacrev(function)(x)
    output, made = vjp(function, x, tg.ones(2, 2, dtype=tg.float64))
    same(output, function(x))
    same(made, rows.sum((0, 1)))
    _, made = jvp(function, x, x)
    same(made, (rows * x).sum((-2, -1)))
    _, made = vjp(lambda a, b: a.sum(), (x, x))
    assert len(made) == 2
    same(made[1], 0 * x)
    _, made = jvp(lambda a: (a, a * 2), x[0, 0])
    same(made[1], tg.tensor(2.0, dtype=tg.float64))


def test_strictness(x: Any) -> None:
    with pytest.raises(RuntimeError, match="Output 0 of the user-provided function does not require"):
        jacobian(lambda a: tg.ones(2), x, strict=True)
    with pytest.raises(
        RuntimeError, match="Output 0 of the user-provided function is independent of input 1"
    ):
        jacobian(lambda a, b: a, (x, x), strict=True)
    with pytest.raises(
        RuntimeError, match="jacobian of the user-provided function is independent of input 0"
    ):
        jacobian(lambda a: a * 2, x, strict=True, create_graph=True)
    with pytest.raises(RuntimeError, match="function is independent of input 1"):
        vjp(lambda a, b: a.sum(), (x, x), strict=True)
    with pytest.raises(RuntimeError, match="function is independent of input 1"):
        jvp(lambda a, b: a, (x, x), (x, x), strict=True)
    with pytest.raises(RuntimeError, match="found that the jacobian"):
        hessian(lambda a: a.sum(), x, strict=True)
    same(jacobian(function, x, strict=True), func.jacrev(function)(x))


def test_what_cannot_be(x: Any) -> None:
    with pytest.raises(TypeError, match="the value at index 1 has type <class 'int'>"):
        as_tuple((x, 1), "inputs", "vjp")
    with pytest.raises(TypeError, match="but the given inputs has type <class 'list'>"):
        as_tuple([x], "inputs", "vjp")
    with pytest.raises(RuntimeError, match="v can only be None if the user-provided function returns"):
        vjp(function, x)
    with pytest.raises(RuntimeError, match="v can only be None if the input"):
        jvp(function, x)
    with pytest.raises(RuntimeError, match="should contain a single Tensor"):
        vjp(function, x, (x, x))
    with pytest.raises(RuntimeError, match="tuple of invalid length: should be 2 but got 1"):
        jvp(lambda a, b: a, (x, x), (x,))
    with pytest.raises(RuntimeError, match="Entry 0 in v has invalid size"):
        jvp(lambda a: a, (x,), (x[0],))
    with pytest.raises(RuntimeError, match="given to hessian should contain a single element"):
        hessian(function, x)
    with pytest.raises(RuntimeError, match="given to vhp should return a single Tensor"):
        vhp(lambda a: (a, a), x, x)
    for call in (
        lambda: jacobian(function, x, strategy="up"),
        lambda: hessian(function, x, outer_jacobian_strategy=""),
    ):
        with pytest.raises(AssertionError, match="Expected strategy to be"):
            call()
