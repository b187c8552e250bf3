"""`ctx`: what is saved comes back as it was, and gradients are fitted to their inputs."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import telegrad as tg
from telegrad.autograd.context import FunctionCtx, Saved
from telegrad.autograd.function import Function


class Keep(Function):
    """Multiplies, and saves an input, an output, nothing, and something of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        y = x * w
        ctx.save_for_backward(x, y, None, y + 1)
        ctx.save_for_forward(x)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g, g


def test_saved_tensors_are_those_that_were_saved() -> None:
    x, w = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    middle = x * 2
    y = Keep.apply(middle, w)
    given, made, nothing, own = y.grad_fn.saved_tensors
    assert given.grad_fn is middle.grad_fn
    assert given.tolist() == [2.0, 2.0]
    assert made.grad_fn is y.grad_fn
    assert nothing is None
    assert not own.requires_grad
    assert own.tolist() == [3.0, 3.0]
    assert Keep.apply(x, w).grad_fn.saved_tensors[0] is x
    y.sum().backward()
    with pytest.raises(RuntimeError, match="after they have already been freed"):
        _ = y.grad_fn.saved_tensors


def test_an_output_that_is_saved_is_no_cycle() -> None:
    x = tg.ones(2, requires_grad=True)
    gc.disable()
    try:
        y = Keep.apply(x, x)
        node = weakref.ref(y.grad_fn)
        assert isinstance(node(), FunctionCtx)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_write_is_noticed_when_it_is_read() -> None:
    x = tg.ones(2)
    saved = Saved(x, None)
    node = FunctionCtx.__new__(FunctionCtx)
    assert saved.tensor(node) is x
    x.add_(1)
    with pytest.raises(RuntimeError, match=r"FloatTensor \[2\]\] is at version 1; expected version 0"):
        saved.tensor(node)


def test_gradients_are_fitted() -> None:
    class Given(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, ct: Any) -> Any:
            ctx.ct = ct
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return ctx.ct, None

    def gradient(shape: tuple[int, ...], ct: Any) -> Any:
        x = tg.ones(shape, requires_grad=True)
        Given.apply(x, ct).sum().backward()
        return x.grad

    assert gradient((1, 3), tg.ones(4, 2, 3)).tolist() == [[8.0, 8.0, 8.0]]
    assert gradient((3,), tg.ones(3, dtype=tg.int64)).dtype is tg.float32
    with pytest.raises(
        RuntimeError, match=r"index 0 - got \[3, 1\] but expected shape compatible with \[3\]"
    ):
        gradient((3,), tg.ones(3, 1)[:, :1] * tg.ones(3, 1)).tolist()
