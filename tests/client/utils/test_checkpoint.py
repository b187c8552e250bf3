"""Checkpoints: the values and gradients of plain calls, computed again where gradients are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential
from tests.client.beside_torch import Case, Tensors, agree


def _again(t: Tensors, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """A checkpoint of either module."""
    if t.m is tg:
        return checkpoint(function, *args, use_reentrant=False, **options)
    from torch.utils.checkpoint import checkpoint as theirs

    return theirs(function, *args, use_reentrant=False, **options)


def _two_results(t: Tensors) -> Any:
    x, w = t.leaf(3), t.leaf(3)

    def function(a: Any, b: Any, *, k: float) -> Any:
        return {"s": (a * b * w).sin() * k, "e": [b.exp()]}

    found = _again(t, function, x * 2, w * 3, k=2.0)
    return found["s"], found["e"][0]


def _chain(t: Tensors) -> Any:
    x, w = t.leaf(3), t.leaf(3)
    y, z = _again(t, lambda a, b: ((a * b * w).sin(), a.cos()), x * 2, w)
    return _again(t, lambda a, b: a * b + w * a, y, z)


def _nested(t: Tensors) -> Any:
    x, w = t.leaf(3), t.leaf(3)
    return _again(t, lambda a: _again(t, lambda b: (b * w).tanh(), a.sin()) * a, x)


def _tensors_in_lists(t: Tensors) -> Any:
    x, w = t.leaf(3), t.leaf(3)
    return _again(t, lambda pair, scale: pair[0] * pair[1]["w"] * scale, [x, {"w": w}], t.data(2.0))


def _hooked(t: Tensors) -> Any:
    x = t.leaf(3)

    def function(a: Any) -> Any:
        middle = a.sin()
        middle.register_hook(lambda g: g * 2)
        return middle * a

    return _again(t, function, x)


def _written_afterwards(t: Tensors) -> Any:
    x = t.leaf(3) * 1
    y = _again(t, lambda a: a * 3 + 1, x)
    x.mul_(2)
    return y, x


def _outside(t: Tensors, w: Any, x: Any) -> Any:
    return _again(t, lambda a: a * w.exp(), x)


CASES: dict[str, Case] = {
    "two results": _two_results,
    "chain": _chain,
    "nested": _nested,
    "lists": _tensors_in_lists,
    "only parameters": lambda t: _outside(t, t.leaf(2), t.data([1.0, 2.0])),
    "a computed tensor from outside": lambda t: _outside(t, t.leaf(2) * 2, t.leaf(2)),
    "hooks": _hooked,
    "written afterwards": _written_afterwards,
    "handed back": lambda t: _again(t, lambda a, b: (a, a * b), t.leaf(2), t.leaf(2)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_beside_torch(case: Case) -> None:
    agree(case, names=False)


def test_the_third_order() -> None:
    def third(call: Callable[..., Any]) -> Any:
        x = tg.tensor([0.3, -0.5], dtype=tg.float64, requires_grad=True)
        w = tg.tensor([1.5, 0.7], dtype=tg.float64, requires_grad=True)
        y = call(lambda a: (a * w).sin() * a, x * 2)
        for _ in range(2):
            gx, gw = tg.autograd.grad(y.sum(), (x, w), create_graph=True)
            y = gx * gx + gw * gx
        return [g.numpy() for g in tg.autograd.grad(y.sum(), (x, w))]

    plain = third(lambda f, *args: f(*args))
    np.testing.assert_allclose(
        third(lambda f, *args: checkpoint(f, *args, use_reentrant=False)), plain, rtol=1e-12
    )


@pytest.mark.parametrize("reentrant", [False, True])
def test_the_function_is_called_again(messages: Callable[[], int], reentrant: bool) -> None:
    calls = []

    def function(a: Any) -> Any:
        calls.append(tg.is_grad_enabled())
        return a.sin().exp()

    x = tg.tensor([1.0, 2.0], requires_grad=True)
    messages()
    y = checkpoint(function, x, use_reentrant=reentrant)
    assert len(calls) == 1
    y.sum().backward()
    assert calls == [True, True]
    assert messages() == 1, "a training step is one message"
    np.testing.assert_allclose(x.grad.numpy(), np.exp(np.sin([1, 2])) * np.cos([1, 2]), rtol=1e-6)


def test_what_is_between_is_not_kept() -> None:
    def kept(call: Callable[..., Any]) -> int:
        x = tg.ones(1000, dtype=tg.float64, requires_grad=True)
        y = call(lambda a: a.sin().exp().tanh().cos().exp(), x)
        (y * y).sum().item()
        return tg.residuals().nbytes

    assert kept(lambda f, x: f(x)) == 32_000
    assert kept(lambda f, x: checkpoint(f, x, use_reentrant=False)) == 0


def test_random_draws_are_repeated() -> None:
    tg.manual_seed(3)
    x = tg.ones(50, requires_grad=True)
    y = checkpoint(lambda a: tg.nn.functional.dropout(a, 0.5), x, use_reentrant=False)
    after = tg.rand(1)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()
    assert 0 < float((y == 0).sum()) < 50
    tg.manual_seed(3)
    tg.nn.functional.dropout(tg.ones(50), 0.5)
    assert after.tolist() == tg.rand(1).tolist(), "drawing goes on where the call ended"
    z = checkpoint(lambda a: a * tg.rand(50), x, use_reentrant=False, preserve_rng_state=False)
    x.grad = None
    z.sum().backward()
    assert x.grad.tolist() != z.tolist()


def test_what_somebody_kept_is_differentiated_still() -> None:
    kept = []

    def function(a: Any) -> Any:
        middle = a * a
        kept.append(middle)
        return middle.sin()

    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = checkpoint(function, x, use_reentrant=False)
    (y.sum() * 0 + kept[0].sum()).backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_a_function_that_changes_is_refused() -> None:
    sizes = [2, 3]

    def function(a: Any) -> Any:
        return a[: sizes.pop(0)] * 2

    y = checkpoint(function, tg.ones(4, requires_grad=True), use_reentrant=False)
    with pytest.raises(CheckpointError, match="different metadata"):
        y.sum().backward()


def test_an_argument_that_is_used_from_outside_too() -> None:
    w = tg.tensor([2.0], requires_grad=True)
    checkpoint(lambda a: a * w * w, w, use_reentrant=False).backward()
    assert w.grad.item() == 12.0
    m = w * 1
    y = checkpoint(lambda a: a * m, m, use_reentrant=False)
    with pytest.raises(CheckpointError, match="use the argument only"):
        y.backward()


def test_plain_calls() -> None:
    with tg.no_grad():
        y = checkpoint(tg.sin, tg.ones(2, requires_grad=True), use_reentrant=False)
    assert not y.requires_grad
    rows = tg.vmap(lambda a: checkpoint(tg.sin, a, use_reentrant=False))(tg.zeros(2, 3))
    assert rows.shape == (2, 3)
    with pytest.warns(UserWarning, match="None of the inputs"):
        assert not checkpoint(lambda a: a * 2, tg.ones(2), use_reentrant=True).requires_grad


def test_contexts() -> None:
    entered: list[str] = []

    class Note:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> None:
            entered.append(self.name)

        def __exit__(self, *_: object) -> None:
            entered.append("end of " + self.name)

    x = tg.ones(2, requires_grad=True)
    y = checkpoint(tg.sin, x, use_reentrant=False, context_fn=lambda: (Note("first"), Note("again")))
    y.sum().backward()
    assert entered == ["first", "end of first", "again", "end of again"]


def test_a_chain() -> None:
    calls = []

    def counted(a: Any) -> Any:
        calls.append(1)
        return a * 2

    x = tg.tensor([1.0], requires_grad=True)
    y = checkpoint_sequential([counted, lambda a: a + 1, counted, tg.exp], 2, x, use_reentrant=False)
    y.backward()
    assert x.grad.item() == pytest.approx(4 * y.item())
    assert len(calls) == 3, "the last piece is a plain call"


def test_what_torch_refuses() -> None:
    with pytest.raises(ValueError, match="Unexpected keyword arguments: b"):
        checkpoint(lambda a, b: a, tg.ones(1), use_reentrant=True, b=1)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        checkpoint_sequential([], 0, tg.ones(1))
    with pytest.raises(ValueError, match="Unexpected keyword arguments: other"):
        checkpoint_sequential([tg.sin], 1, tg.ones(1), other=1)
