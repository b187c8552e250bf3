"""Hooks of several tensors together, by hand and beside torch's."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from telegrad.autograd.graph import increment_version, register_multi_grad_hook


def calls(m: Any) -> list[Any]:
    """What a hook of four tensors sees in pass after pass."""
    seen: list[Any] = []

    def numbers(gradient: Any) -> Any:
        return None if gradient is None else gradient.tolist()

    a = m.tensor([1.0, 2.0], requires_grad=True)
    b = m.tensor([3.0, 5.0], requires_grad=True)
    c, d = a * b, a + b
    handle = m.autograd.graph.register_multi_grad_hook(
        (a, b, c, d), lambda g: seen.append(list(map(numbers, g)))
    )
    first = m.autograd.graph.register_multi_grad_hook((c, d), lambda g: seen.append(numbers(g)), mode="any")
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    (c * d).sum().backward(retain_graph=True)
    handle.remove()
    d.sum().backward(retain_graph=True)
    first.remove()
    d.sum().backward()
    return seen


def test_it_sees_all_gradients_once_a_pass() -> None:
    seen = calls(tg)
    assert seen[1] == [[3.0, 5.0], [1.0, 2.0], [1.0, 1.0], None]
    assert seen[3] == [[3.0, 5.0], None, [1.0, 1.0], None]
    assert len(seen) == 7


def test_handles_are_contexts() -> None:
    x = tg.ones(2, requires_grad=True)
    seen: list[Any] = []
    with register_multi_grad_hook([x], seen.append):
        x.sum().backward()
    x.sum().backward()
    assert len(seen) == 1


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        register_multi_grad_hook([], print, mode="some")
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        register_multi_grad_hook([tg.ones(1)], print)


def test_a_write_that_was_none_is_counted() -> None:
    x = tg.ones(2, requires_grad=True).clone()
    y = (x * x).sum()
    version = x._version
    increment_version(x)
    increment_version([x, x])
    assert x._version == version + 3
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    with pytest.raises(RuntimeError, match="expects each element to be a tensor"):
        increment_version([1])


@pytest.mark.torch
def test_it_sees_what_torchs_sees() -> None:
    torch = pytest.importorskip("torch")
    assert calls(tg) == calls(torch)
