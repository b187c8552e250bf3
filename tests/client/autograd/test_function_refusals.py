"""What `autograd.Function` refuses, in torch's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.autograd.functions import marked, written
from tests.client.beside_torch import Case, Tensors, fail_alike


def _at_once(t: Tensors) -> Any:
    (g,) = t.m.autograd.grad((_once(t.m).apply(t.leaf(3)) * t.leaf(3)).sum(), t.leaves[0], create_graph=True)
    assert g.grad_fn.name().endswith("Error")
    return g.sum().backward()


def _once(module: Any) -> Any:
    decorator = module.autograd.function.once_differentiable
    return written(module, decorator(lambda ctx, g: g * 2))


def _changed(t: Tensors, *, what: str) -> Any:
    def forward(ctx: Any, a: Any) -> Any:
        y = a * 2
        ctx.save_for_backward(y if what == "output" else a)
        return y

    leaf = t.leaf(3)
    x = leaf if what == "leaf" else leaf * 2
    y = written(t.m, lambda c, g: g * c.saved_tensors[0], forward).apply(x)
    with t.m.no_grad():
        (y if what == "output" else x).add_(1)
    y.sum().backward()


def _twice(t: Tensors) -> Any:
    def forward(ctx: Any, a: Any) -> Any:
        ctx.save_for_backward(a)
        return a * 2

    y = written(t.m, lambda c, g: g * c.saved_tensors[0], forward).apply(t.leaf(3)).sum()
    y.backward()
    y.backward()


def _dirty(t: Tensors, forward: Callable[..., Any], *, leaf: bool = False) -> Any:
    x = t.leaf(3)
    return written(t.m, lambda c, g: g, forward).apply(x if leaf else x * 2)


def _forgotten(ctx: Any, a: Any) -> Any:
    return marked(ctx, a) * 2


def _both(t: Tensors) -> Any:
    function = written(t.m, lambda c, g: g)
    function.vjp = function.backward
    function.apply(t.leaf(3)).sum().backward()


def _missing(module: Any) -> Any:
    class Empty(module.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    return Empty


def _back(t: Tensors, backward: Callable[..., Any], *more: Any) -> Any:
    written(t.m, backward).apply(t.leaf(3), *more).sum().backward()


FAILURES: dict[str, Case] = {
    "too few": lambda t: _back(t, lambda c, g: g, t.leaf(3)),
    "too many": lambda t: _back(t, lambda c, g: (g, g)),
    "no tensor": lambda t: _back(t, lambda c, g: 3.0),
    "a list": lambda t: _back(t, lambda c, g: [g]),
    "shape": lambda t: _back(t, lambda c, g: t.m.ones(2)),
    "scalar": lambda t: _back(t, lambda c, g: t.m.ones(())),
    "for no tensor": lambda t: _back(t, lambda c, g: (g, g), 3),
    "saved no tensor": lambda t: _dirty(t, lambda ctx, a: (ctx.save_for_backward(3), a * 2)[1]),
    "changed leaf": lambda t: _changed(t, what="leaf"),
    "changed input": lambda t: _changed(t, what="input"),
    "changed output": lambda t: _changed(t, what="output"),
    "a second pass": _twice,
    "twice a once": _at_once,
    "a leaf written": lambda t: _dirty(t, marked, leaf=True),
    "not returned": lambda t: _dirty(t, _forgotten),
    "a given one written": lambda t: _dirty(t, lambda ctx, a: a).mul_(2),
    "a view written": lambda t: _dirty(t, lambda ctx, a: a.view(3, 1)).mul_(2),
    "backward and vjp": _both,
    "no backward": lambda t: _missing(t.m).apply(t.leaf(3)).sum().backward(),
    "no forward": lambda t: t.m.autograd.Function.apply(t.leaf(3)),
    "None where used": lambda t: t.m.autograd.grad(
        written(t.m, lambda c, g: None).apply(t.leaf(3)).sum(), t.leaves[0]
    ),
    "no rule": lambda t: t.m.vmap(written(t.m, lambda c, g: g).apply)(t.leaf(2, 3)),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_refusals_are_torchs(case: Case) -> None:
    fail_alike(case)
