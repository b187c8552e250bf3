"""Gradients for many cotangents at once, and of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd import grad
from telegrad.autograd.batched import gradients
from telegrad.recording.batching import enter, example, leave, whole_of


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(3,)), requires_grad=True)


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)


def test_many_weights_in_one_pass(x: Any, messages: Callable[[], int]) -> None:
    y = tg.outer(x, x.sin())
    weights = tg.eye(9, dtype=tg.float64).reshape(9, 3, 3)
    messages()
    (found,) = grad(y, x, weights, is_grads_batched=True, retain_graph=True)
    assert messages() == 1
    same(found, tg.stack([grad(y, x, w, retain_graph=True)[0] for w in weights]))


def test_they_are_differentiated_too(x: Any) -> None:
    y = x**3
    (found,) = grad(y, x, tg.eye(3, dtype=tg.float64), is_grads_batched=True, create_graph=True)
    (second,) = grad(found.sum(0), x, tg.eye(3, dtype=tg.float64), is_grads_batched=True)
    same(second, tg.diag(6 * x))


def test_hooks_see_one_pass(x: Any) -> None:
    seen = []
    y = x * 2

    def hook(g: Any) -> Any:
        seen.append(g.shape)
        return g * 3

    y.register_hook(hook)
    (found,) = grad(y.sin(), x, tg.ones(4, 3, dtype=tg.float64), is_grads_batched=True)
    assert seen == [(3,)]
    same(found, (6 * (2 * x).cos()).expand(4, 3))


def test_unused_inputs(x: Any) -> None:
    other = tg.ones(2, requires_grad=True)
    weights = tg.ones(4, 3, dtype=tg.float64)
    with pytest.raises(RuntimeError, match="not have been used"):
        grad(x * 2, other, weights, is_grads_batched=True)
    assert grad(x * 2, other, weights, is_grads_batched=True, allow_unused=True) == (None,)
    (zeros,) = grad(x * 2, other, weights, is_grads_batched=True, materialize_grads=True)
    assert zeros.shape == (4, 2)


def test_weights_that_do_not_fit(x: Any) -> None:
    with pytest.raises(RuntimeError, match="requires grad_outputs, got None"):
        grad(x.sum(), x, is_grads_batched=True)
    with pytest.raises(RuntimeError, match="with a leading axis"):
        grad(x.sum(), x, tg.ones(()), is_grads_batched=True)
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        grad(x, x, x.detach(), is_grads_batched=True)


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize(("roots", "weights"), [(True, True), (True, False), (False, True)])
def test_inside_a_level(batched: bool, roots: bool, weights: bool, rng: np.random.Generator) -> None:
    data = tg.tensor(rng.normal(size=(4, 3) if roots else (3,)), requires_grad=True)
    shape = (*([4] if weights else []), *([5] if batched else []), 3)
    ct = tg.tensor(rng.normal(size=shape))
    level = enter(4, "error")
    try:
        x = example(data, level) if roots else data
        weight = example(ct, level) if weights else ct
        options = {"retain_graph": True, "create_graph": False, "batched": batched}
        (found,) = gradients([x.sin()], [x], [weight], **options)
        assert found is not None
        assert found.shape == ((5, 3) if batched else (3,))
        whole = whole_of(found, level)
    finally:
        leave(level)
    slope = data.cos()
    if roots and batched:
        slope = slope[:, None]
    same(whole, (slope * ct).expand(whole.shape))


def test_a_pass_without_batches(x: Any) -> None:
    (found,) = gradients([x.sin().sum()], [x], [None], retain_graph=False, create_graph=False)
    same(found, x.cos())
    with pytest.raises(RuntimeError, match="not have been used"):
        gradients([x.sin().sum()], [x + 1], [None], retain_graph=False, create_graph=False, unused=False)
