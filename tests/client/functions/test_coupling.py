"""Gradients that count as depending on inputs which they do not read, as torch's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg
from telegrad.recording.registry import couple
from tests.client.functions.comparing import close


def test_a_coupled_gradient_requires_a_gradient_of_zeros() -> None:
    x = tg.tensor([1.0, -2.0], requires_grad=True)
    step = couple(tg.where(x > 0, x, 0.0), x)
    (first,) = tg.autograd.grad([step], [x], [tg.ones(2)], create_graph=True)
    close(first, [1.0, 0.0])
    assert first.requires_grad
    (second,) = tg.autograd.grad([first], [x], [tg.ones(2)])
    close(second, [0.0, 0.0])


def test_without_a_graph_nothing_changes() -> None:
    x = tg.tensor([1.0, -2.0], requires_grad=True)
    couple(tg.where(x > 0, x, 0.0), x).sum().backward()
    assert not x.grad.requires_grad
    assert couple(tg.ones(2), tg.ones(2)).grad_fn is None


@pytest.mark.parametrize(
    "call",
    [
        lambda f, x: f.relu(x),
        lambda f, x: f.hardtanh(x),
        lambda f, x: f.leaky_relu(x),
        lambda f, x: f.max_pool1d(x, 2),
        lambda f, x: f.avg_pool1d(x, 2),
        lambda f, x: f.pad(x, (1, 1), mode="reflect"),
    ],
    ids=["relu", "hardtanh", "leaky_relu", "max_pool1d", "avg_pool1d", "reflect"],
)
def test_piecewise_linear_functions_are_coupled(call: Callable[[Any, Any], Any]) -> None:
    x = tg.tensor([[[1.0, -2.0, 0.5, 3.0]]], requires_grad=True)
    (first,) = tg.autograd.grad([call(tg.nn.functional, x).sum()], [x], create_graph=True)
    assert first.requires_grad
    weighted = (first * x * x).sum()
    (second,) = tg.autograd.grad([weighted], [x])
    close(second, (2 * first * x).detach().numpy())


def test_linear_functions_are_not() -> None:
    x = tg.ones(2, requires_grad=True)
    (first,) = tg.autograd.grad([(x * 2).sum()], [x], create_graph=True)
    assert not first.requires_grad
