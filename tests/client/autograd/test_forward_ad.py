"""Dual tensors beside torch's, and Functions with directions of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd import forward_ad

X, V, W = np.array([1.0, 2.0, -3.0]), np.array([0.1, 0.2, 0.3]), np.array([0.5, -1.0, 2.0])


def _squared(module: Any) -> Any:
    """x² w, x; its jvp is ten times too large, to tell which of the two is used."""

    class Squared(module.autograd.Function):
        @staticmethod
        def forward(x: Any, w: Any) -> Any:
            return x * x * w, x * 1

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs, output[0])
            ctx.save_for_forward(*inputs)

        @staticmethod
        def jvp(ctx: Any, t: Any, s: Any) -> Any:
            x, w = ctx.saved_tensors
            moved = 0 if t is None else 20 * x * w * t
            return moved + (0 if s is None else x * x * s), t * 1

    def backward(ctx: Any, g: Any, h: Any) -> Any:
        x, w, _ = ctx.saved_tensors
        return 2 * x * w * g + h, x * x * g

    Squared.backward = staticmethod(module.autograd.function.once_differentiable(backward))
    return Squared


def _duals(module: Any) -> list[Any]:
    duals = module.autograd.forward_ad
    x, v, w = (module.tensor(values) for values in (X, V, W))
    with duals.dual_level():
        dual = duals.make_dual(x, v)
        other = duals.make_dual(w, v * 2)
        found = [*duals.unpack_dual((dual * w).sin() * dual.sum())]
        found += [*duals.unpack_dual(dual), duals.unpack_dual(dual * other).tangent]
        assert duals.unpack_dual(x).tangent is None
    assert duals.unpack_dual(x).tangent is None
    return found


def _directions(module: Any) -> list[Any]:
    x, v, w = (module.tensor(values) for values in (X, V, W))
    squared = _squared(module)
    jvp = module.func.jvp
    leaf = module.tensor(X, requires_grad=True)
    return [
        jvp(lambda a: squared.apply(a, w)[0], (x,), (v,))[1],
        *jvp(squared.apply, (x, w), (v, v))[1],
        module.autograd.grad(squared.apply(leaf, w)[0].sum(), leaf)[0],
    ]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("case", [_duals, _directions])
def test_beside_torch(case: Callable[[Any], list[Any]]) -> None:
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(case(tg), case(torch), strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-12)
        assert not mine.requires_grad


def test_directions_alone_give_gradients_too() -> None:
    class Sine(tg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, scale: float) -> Any:
            ctx.save_for_backward(x)
            ctx.scale = scale
            return x.sin() * scale

        @staticmethod
        def jvp(ctx: Any, t: Any, _: None) -> Any:
            return ctx.saved_tensors[0].cos() * t * ctx.scale

    x = tg.tensor(X, requires_grad=True)
    (first,) = tg.autograd.grad(Sine.apply(x, 3.0).sum(), x, create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), 3 * np.cos(X))
    (second,) = tg.autograd.grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), -3 * np.sin(X))
    np.testing.assert_allclose(
        tg.func.jacfwd(lambda a: Sine.apply(a, 3.0))(tg.tensor(X)).numpy(), np.diag(3 * np.cos(X))
    )


def test_gradients_of_tangents() -> None:
    x = tg.tensor(X, requires_grad=True)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(forward_ad.make_dual(x, tg.tensor(V)).pow(3)).tangent
    assert tangent is not None
    tangent.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X * V)


def test_what_torch_refuses() -> None:
    one = tg.ones(2)
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(one, one)
    with pytest.raises(RuntimeError, match="not the last one"):
        forward_ad.exit_dual_level()
    with forward_ad.dual_level():
        with pytest.raises(RuntimeError, match="not the last one"):
            forward_ad.exit_dual_level(level=3)
        with pytest.raises(
            RuntimeError, match=r"of size \[2\] while the given forward gradient is of size \[3\]"
        ):
            forward_ad.make_dual(one, tg.ones(3))
        with pytest.raises(
            ValueError, match=r"primal to be floating point or complex, but got: torch\.int64"
        ):
            forward_ad.make_dual(tg.ones(2, dtype=tg.int64), one)
