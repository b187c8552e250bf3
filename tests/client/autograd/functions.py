"""Custom Functions of either module, for the tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def written(module: Any, backward: Callable[..., Any], forward: Callable[..., Any] | None = None) -> Any:
    """A Function of one module with these methods; doubling its argument by default."""

    class MyFn(module.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            return args[0] * 2 if forward is None else forward(ctx, *args)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            return backward(ctx, *gradients)

    return MyFn


def cube_of(module: Any) -> Any:
    class Cube(module.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any) -> Any:
            return x**3, x * x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(inputs[0], output[1])

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            x, square = ctx.saved_tensors
            return 3 * square * g + 2 * x * h

    return Cube


def product_of(module: Any, *, own_rule: bool = False) -> Any:
    class Product(module.autograd.Function):
        generate_vmap_rule = not own_rule

        @staticmethod
        def forward(x: Any, w: Any, k: float = 2.0) -> Any:
            return x * w * k

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs[:2])
            ctx.k = inputs[2]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            return g * w * ctx.k, g * x * ctx.k, None

    if own_rule:

        def vmap(info: Any, in_dims: Any, x: Any, w: Any, k: float) -> Any:
            assert info.batch_size == 2 or info.randomness == "error"
            columns = [
                t.unsqueeze(-1) if d is None else t.movedim(d, -1)
                for t, d in zip((x, w), in_dims[:2], strict=True)
            ]
            return Product.apply(*columns, k), -1

        Product.vmap = staticmethod(vmap)
    return Product


def marked(ctx: Any, a: Any) -> Any:
    a.add_(1)
    ctx.mark_dirty(a)
    return a
