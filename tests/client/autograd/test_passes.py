"""`backward()` and `grad()` beside central differences and each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg


def loss(x: Any, w: Any) -> Any:
    h = tg.tanh(x @ w)
    return (h * h).sum() + (x.exp() / (1 + x**2)).mean()


@pytest.fixture
def leaves(rng: np.random.Generator) -> tuple[Any, Any]:
    return tuple(tg.tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((3, 4), (4, 2)))  # type: ignore[return-value]


def test_first_and_second_order_match_differences(leaves: tuple[Any, Any], rng: np.random.Generator) -> None:
    x, w = leaves
    direction = tg.tensor(rng.standard_normal((3, 4)))
    first = tg.autograd.grad(loss(x, w), [x, w], create_graph=True)
    slope = (first[0] * direction).sum()
    second = tg.autograd.grad(slope, [x, w])
    step = 1e-5

    def shifted(sign: float) -> tuple[Any, ...]:
        moved = (x.detach() + sign * step * direction).requires_grad_()
        return (loss(moved, w), *tg.autograd.grad(loss(moved, w), [moved, w]))

    up, down = shifted(1.0), shifted(-1.0)
    np.testing.assert_allclose(slope.item(), (up[0] - down[0]).item() / (2 * step), rtol=1e-7)
    for analytic, a, b in zip(second, up[1:], down[1:], strict=True):
        np.testing.assert_allclose(
            analytic.numpy(), (a - b).detach().numpy() / (2 * step), rtol=1e-5, atol=1e-8
        )


def test_backward_and_grad_agree_and_only_one_accumulates(leaves: tuple[Any, Any]) -> None:
    x, w = leaves
    by_grad = tg.autograd.grad(loss(x, w), [x, w])
    assert (x.grad, w.grad) == (None, None)
    for _ in range(2):
        loss(x, w).backward()
    for leaf, gradient in zip(leaves, by_grad, strict=True):
        np.testing.assert_allclose(leaf.grad.numpy(), 2 * gradient.numpy(), rtol=1e-12)


def test_a_graph_is_gone_after_one_pass_and_kept_on_request(leaves: tuple[Any, Any]) -> None:
    x, w = leaves
    out = loss(x, w)
    tg.autograd.grad(out, x, retain_graph=True)
    tg.autograd.grad(out, w)
    for again in (out.backward, lambda: tg.autograd.grad(out, x)):
        with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
            again()
    assert x.grad is None


def test_only_the_part_towards_the_inputs_is_freed() -> None:
    x, y = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    a, b = x.exp(), y.exp()
    total = a + b
    tg.autograd.grad(total, x)
    tg.autograd.grad(total, y)
    with pytest.raises(RuntimeError, match="second time"):
        a.backward()


def test_inner_tensors_as_inputs(messages: Callable[[], int]) -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    z = (y * y).sum()
    gy, gx = tg.autograd.grad(z, [y, x], retain_graph=True)
    assert (gy.tolist(), gx.tolist()) == ([6.0, 12.0], [18.0, 36.0])
    assert messages() == 1
    z.backward(inputs=[y])
    assert y.grad.tolist() == [6.0, 12.0]
    assert x.grad is None
    assert tg.autograd.grad(y.sum(), y)[0].tolist() == [1.0, 1.0]


def test_weights() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    assert tg.autograd.grad(y, x, tg.tensor([1.0, 10.0]), retain_graph=True)[0].tolist() == [2.0, 40.0]
    assert tg.autograd.grad([y, y], x, [tg.ones(2), tg.ones(2)], retain_graph=True)[0].tolist() == [4.0, 8.0]
    weight = tg.tensor([1.0, 1.0], requires_grad=True)
    g = tg.autograd.grad(y, x, weight, create_graph=True)[0]
    assert tg.autograd.grad(g.sum(), weight)[0].tolist() == [2.0, 4.0]
    y.backward(tg.ones(2, dtype=tg.float64))
    assert x.grad.dtype is tg.float32
    for wrong, kind in (
        (tg.ones(3), RuntimeError),
        (1.0, TypeError),
        (tg.ones(2, dtype=tg.complex64), RuntimeError),
    ):
        with pytest.raises(kind):
            (x * x).backward(wrong)
    with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
        tg.autograd.backward([y, y], [tg.ones(2)])


def test_gradients_that_depend_on_nothing_require_none() -> None:
    x = tg.tensor([1.0], requires_grad=True)
    assert not tg.autograd.grad((x * 2).sum(), x, create_graph=True)[0].requires_grad
    assert tg.autograd.grad((x * x).sum(), x, create_graph=True)[0].requires_grad
    assert not tg.autograd.grad((x * x).sum(), x)[0].requires_grad


def test_third_order() -> None:
    x = tg.tensor(2.0, dtype=tg.float64, requires_grad=True)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0):
        (y,) = tg.autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def test_create_graph_accumulates_with_a_graph() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    penalty = (x.grad**2).sum()
    del x.grad
    penalty.backward()
    # d/dx (3 x^2)^2 = 36 x^3
    assert x.grad.tolist() == [36.0, 288.0]


def test_complex_leaves() -> None:
    z = tg.tensor([1 + 2j, -1j], dtype=tg.complex128, requires_grad=True)
    (z * z.conj()).real.sum().backward()
    assert z.grad.tolist() == [2 + 4j, -2j]
    with pytest.raises(RuntimeError, match=r"only for real scalar outputs but got torch\.complex128"):
        (z * z).sum().backward()


def test_what_grad_does_not_offer_it_says() -> None:
    x = tg.ones(1, requires_grad=True)
    for options in (
        {"is_grads_batched": True},
        {"only_inputs": False},
        {"materialize_grads": True, "allow_unused": False},
    ):
        with pytest.raises(RuntimeError):
            tg.autograd.grad((x * 2).sum(), x, **options)
    with pytest.raises(TypeError, match="expected Tensor or a sequence of Tensors"):
        tg.autograd.grad([1], x)


def test_empty_tensors_have_empty_gradients() -> None:
    x = tg.zeros(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    assert x.grad.shape == (0, 3)


def test_what_is_detached_is_constant_to_the_second_order() -> None:
    torch = pytest.importorskip("torch")

    def found(module: Any) -> list[Any]:
        x = module.tensor([1.0, 2.0], dtype=module.float64, requires_grad=True)
        w = module.tensor([0.3, 0.4], dtype=module.float64, requires_grad=True)
        middle = x * 2
        y = (middle.detach() * w * middle).sin() + x.detach() * x + x**2
        first = module.autograd.grad(y.sum(), (x, w), create_graph=True)
        second = module.autograd.grad((first[0] * first[1]).sum() + first[0].sum(), (x, w))
        return [g.tolist() for g in (*first, *second)]

    for mine, theirs in zip(found(tg), found(torch), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
