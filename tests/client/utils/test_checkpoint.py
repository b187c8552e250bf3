"""Checkpoints are plain calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import telegrad as tg
from telegrad.utils.checkpoint import checkpoint, checkpoint_sequential


def test_values_and_gradients_are_those_of_the_call(messages: Callable[[], int]) -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    messages()
    y = checkpoint(lambda a, *, power: (a * a).sin() ** power, x, use_reentrant=False, power=3)
    (first,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = tg.autograd.grad(first.sum(), x)
    assert messages() == 2
    plain = (x * x).sin() ** 3
    (wanted,) = tg.autograd.grad(plain.sum(), x, create_graph=True)
    assert first.tolist() == wanted.tolist()
    assert second.tolist() == tg.autograd.grad(wanted.sum(), x)[0].tolist()


def test_random_draws_are_the_same() -> None:
    tg.manual_seed(3)
    drawn = checkpoint(lambda a: a * tg.rand(3), tg.ones(3))
    tg.manual_seed(3)
    assert drawn.tolist() == tg.rand(3).tolist()


def test_a_chain() -> None:
    x = tg.tensor([1.0], requires_grad=True)
    y = checkpoint_sequential([lambda a: a * 2, lambda a: a + 1, tg.exp], 2, x, use_reentrant=False)
    y.backward()
    assert x.grad.item() == pytest.approx(2 * y.item())


def test_what_torch_refuses() -> None:
    with pytest.raises(ValueError, match="Unexpected keyword arguments: b"):
        checkpoint(lambda a, b: a, tg.ones(1), use_reentrant=True, b=1)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        checkpoint_sequential([], 0, tg.ones(1))
