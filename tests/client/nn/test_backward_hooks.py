"""Hooks on what flows back through a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg


def network(module: Any) -> Any:
    """Takes two tensors and a number, gives a tuple of two tensors."""

    class Net(module.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = module.nn.Parameter(module.tensor([2.0, 3.0]))

        def forward(self, a: Any, b: Any, power: int) -> Any:
            return a * self.weight + b, (a * b) ** power

    return Net()


def seen(module: Any, change: Callable[[Any], Any], **which: bool) -> list[Any]:
    """What the hooks see, and the gradients in the end."""
    net, found = network(module), []
    track = which.get("inputs", True)

    def before(net: Any, outer: Any) -> Any:
        found.append([None if g is None else g.tolist() for g in outer])
        return tuple(change(g) for g in outer) if which.get("before") else None

    def after(net: Any, inner: Any, outer: Any) -> Any:
        found.append([None if g is None else g.tolist() for g in (*inner, *outer)])
        return (change(inner[0]), *inner[1:]) if which.get("after") else None

    net.register_full_backward_pre_hook(before)
    net.register_full_backward_hook(after)
    a, b = (module.tensor(values, requires_grad=track) for values in ([1.0, 2.0], [5.0, 7.0]))
    first, second = net(a, b, 2)
    ((first * module.tensor([1.0, 10.0])).sum() + second.sum()).backward()
    found.append([None if t.grad is None else t.grad.tolist() for t in (a, b, net.weight)])
    return found


@pytest.mark.torch
@pytest.mark.parametrize("which", [{}, {"before": True}, {"after": True}, {"before": True, "after": True}])
def test_hooks_see_and_change_what_they_do_in_torch(which: dict[str, bool]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = (seen(module, lambda g: 2 * g, **which) for module in (tg, torch))
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert [x is None for x in a] == [x is None for x in b]
        for x, y in zip(a, b, strict=True):
            if x is not None:
                np.testing.assert_allclose(x, y, rtol=1e-6)


def test_one_tensor_in_and_out() -> None:
    layer, found = tg.nn.Linear(2, 1), []
    with layer.register_full_backward_hook(lambda m, inner, outer: found.append((inner, outer))):
        x = tg.ones(3, 2, requires_grad=True)
        layer(x).sum().backward()
    ((inner,), (outer,)) = found[0]
    assert outer.tolist() == [[1.0]] * 3
    assert inner.tolist() == x.grad.tolist() == [layer.weight[0].tolist()] * 3
    x.grad = None
    layer(x).sum().backward()
    assert len(found) == 1


def test_inputs_without_gradients_are_told_of_with_a_warning() -> None:
    layer, found = tg.nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, inner, outer: found.append(inner))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        layer(tg.ones(2)).backward()
    assert found == [(None,)]
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]


def test_hooks_give_as_many_gradients_as_there_are() -> None:
    layer = tg.nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda m, inner, outer: (inner[0], None))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        layer(tg.ones(1, requires_grad=True)).backward()


def test_results_that_are_no_tensors_are_not_watched() -> None:
    class Named(tg.nn.Module):
        def forward(self, x: Any) -> Any:
            return {"y": x}

    layer = Named()
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple"):
        layer(tg.ones(1, requires_grad=True))
