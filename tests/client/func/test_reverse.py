"""`grad`, `grad_and_value` and `vjp`, held against formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.func import grad, grad_and_value, vjp, vmap


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(3,)))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-14)


def test_a_gradient_depends_on_nothing(x: Any) -> None:
    found = grad(lambda x: x.sin().sum())(x)
    same(found, x.cos())
    assert not found.requires_grad
    assert not x.requires_grad


def test_gradients_of_gradients(x: Any) -> None:
    same(grad(grad(lambda x: x**4))(x[0]), 12 * x[0] ** 2)
    same(grad(grad(grad(lambda x: x.sin())))(x[0]), -x[0].cos())
    # The inner variable and the outer one are not mixed up.
    same(grad(lambda a: a * grad(lambda b: a * b * b)(tg.ones((), dtype=tg.float64)))(x[0]), 4 * x[0])


def test_gradients_flow_on_where_an_argument_takes_one(x: Any) -> None:
    leaf = x.clone().requires_grad_()
    found = grad(lambda x: (x**3).sum())(leaf)
    assert found.requires_grad
    found.sum().backward()
    same(leaf.grad, 6 * x)
    with tg.no_grad():
        found = grad(lambda x: (x**3).sum())(leaf)
    assert not found.requires_grad
    same(found, 3 * x**2)
    captured = x.clone().requires_grad_()
    grad(lambda y: (y * captured.exp()).sum())(x).sum().backward()
    same(captured.grad, x.exp())


def test_which_arguments(x: Any) -> None:
    def function(a: Any, b: Any, *, scale: float) -> Any:
        return (a["left"] * b * scale).sum() + a["right"].sum() * 0

    found = grad(function, argnums=(1, 0))({"left": x, "right": x}, 2 * x, scale=3.0)
    same(found[0], 3 * x)
    same(found[1]["left"], 6 * x)
    same(found[1]["right"], 0 * x)
    same(grad(lambda a, b: (a * a).sum(), argnums=1)(x, x), 0 * x)


def test_value_and_what_is_beside(x: Any) -> None:
    gradient, value = grad_and_value(lambda x: (x * x).sum())(x)
    same(gradient, 2 * x)
    same(value, (x * x).sum())
    assert not value.requires_grad
    gradient, (value, aux) = grad_and_value(lambda x: ((x * x).sum(), {"y": x + 1}), has_aux=True)(x)
    same(aux["y"], x + 1)
    assert not aux["y"].requires_grad
    gradient, aux = grad(lambda x: ((x * x).sum(), "beside"), has_aux=True)(x)
    assert aux == "beside"


def test_cotangents_back(x: Any) -> None:
    output, back = vjp(lambda a, b: {"y": a * b, "z": (a.sin(),)}, x, 2 * x)
    same(output["y"], 2 * x * x)
    for _ in range(2):
        first, second = back({"y": x, "z": (tg.ones_like(x),)})
        same(first, 2 * x * x + x.cos())
        same(second, x * x)
    output, back, aux = vjp(lambda a: (a.exp(), 5), x, has_aux=True)
    assert aux == 5
    same(back(x)[0], x * x.exp())
    assert not output.requires_grad


def test_a_basis_of_cotangents_is_one_batched_pass(x: Any, messages: Callable[[], int]) -> None:
    _, back = vjp(lambda a: tg.outer(a, a).reshape(-1), x)
    rows = tg.eye(9, dtype=tg.float64)
    messages()
    (found,) = vmap(back)(rows)
    recorder = tg.current_session().recorder
    assert [request.batched for request in recorder.backwards] == [True]
    same(found, tg.stack([back(row)[0] for row in rows]))
    (nested,) = vmap(vmap(back))(rows.reshape(3, 3, 9))
    same(nested, found.reshape(3, 3, 3))


def test_per_sample_gradients_of_shared_parameters(rng: np.random.Generator) -> None:
    data, w = tg.tensor(rng.normal(size=(5, 4))), tg.tensor(rng.normal(size=(4, 2)))

    def loss(w: Any, row: Any) -> Any:
        return ((row @ w).tanh() ** 2).sum()

    found = vmap(grad(loss), (None, 0))(w, data)
    same(found, tg.stack([grad(loss)(w, row) for row in data]))


def test_what_cannot_be(x: Any) -> None:
    with pytest.raises(RuntimeError, match="to return a scalar Tensor, got tensor with 1 dims"):
        grad(lambda x: x)(x)
    with pytest.raises(RuntimeError, match="to return a Tensor, got <class 'float'>"):
        grad(lambda x: 1.0)(x)
    with pytest.raises(RuntimeError, match=r"should be a tuple: \(output, aux\)"):
        grad(lambda x: x.sum(), has_aux=True)(x)
    with pytest.raises(RuntimeError, match="only tensors, got unsupported type"):
        vjp(lambda x: (x, 1), x)
    with pytest.raises(RuntimeError, match="must be floating-point or complex"):
        vjp(lambda x: x.argmax(), x)
    with pytest.raises(RuntimeError, match="non-empty output"):
        vjp(lambda x: (), x)
    _, back = vjp(lambda x: (x, x), x)
    with pytest.raises(RuntimeError, match="pytree structure of cotangents"):
        back(x)
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        back((x, x[0]))


def test_constants_have_no_gradient(x: Any) -> None:
    same(grad(lambda x: tg.ones((), dtype=tg.float64))(x), 0 * x)
    _, back = vjp(lambda x: tg.ones(2), x)
    same(back(tg.ones(2))[0], 0 * x)


def test_integers_have_no_gradient() -> None:
    for ask in (
        grad(lambda x: x.sum()),
        grad_and_value(lambda x: x.sum()),
        lambda x: vjp(lambda x: 1.0 * x, x),
    ):
        with pytest.raises(RuntimeError, match="only Tensors of floating point dtype can require gradients"):
            ask(tg.tensor([1, 2]))
