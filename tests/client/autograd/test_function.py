"""`autograd.Function` beside torch's: values, names, gradients of two orders, batches, refusals."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd.function import InplaceFunction, once_differentiable
from tests.client.autograd.functions import cube_of, marked, product_of, written
from tests.client.beside_torch import Case, Tensors, agree


def _chain(t: Tensors) -> Any:
    x = t.leaf(3)
    for _ in range(12):
        x = product_of(t.m).apply(x, t.leaves[0] + 1, 0.9)
    return x


def _shared(t: Tensors) -> Any:
    middle = (t.leaf(3) * t.leaf(3)).sin()
    return sum(product_of(t.m).apply(middle, middle * i) for i in range(6))


def _hooked(t: Tensors) -> Any:
    x, w = t.leaf(3), t.leaf(3)
    y = cube_of(t.m).apply(x)[0]
    y.register_hook(lambda g: g * 2)
    z = product_of(t.m).apply(y, w)
    z.register_hook(lambda g: g + 1)
    return cube_of(t.m).apply(z)[1], y


def _in_place(t: Tensors, *, part: bool) -> Any:
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        x.mul_(w)
        ctx.mark_dirty(x)
        ctx.save_for_backward(w, x)
        return x

    def backward(ctx: Any, g: Any) -> Any:
        w, y = ctx.saved_tensors
        return g * w, g * y / w

    x, w = t.leaf(3), t.positive(3)
    whole = x * 2
    view = whole[1:] if part else whole
    before = whole * 1
    assert written(t.m, backward, forward).apply(view, w[1:] if part else w) is view
    return whole * whole, view * 3, before * before


def _complex(t: Tensors) -> Any:
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2 * ctx.saved_tensors[0].conj()

    def forward(ctx: Any, z: Any) -> Any:
        ctx.save_for_backward(z)
        return z * z

    return written(t.m, backward, forward).apply(t.leaf(of=np.array([1 + 2j, 3 - 1j])))


def _sorted(t: Tensors) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        values, places = x.sort()
        ctx.mark_non_differentiable(places)
        ctx.save_for_backward(places)
        return values, places

    def backward(ctx: Any, g: Any, none: Any) -> Any:
        assert float(none.abs().sum()) == 0
        return t.m.zeros_like(g).index_put((ctx.saved_tensors[0],), g)

    values, places = written(t.m, backward, forward).apply(t.leaf(4))
    assert not places.requires_grad
    return values * values, places


def _passed_by(t: Tensors) -> Any:
    """One gradient is None, so that what is behind gets none."""
    two = written(t.m, lambda c, g, h: (None, h * 3), lambda c, a, b: (a * 2, b * 3))
    x, w = t.leaf(3), t.leaf(3)
    first = two.apply(x * 1, w * 1)
    second = two.apply(cube_of(t.m).apply(first[0])[0], first[1])
    return second[0] + 0, second[1] * w


def _unused(t: Tensors) -> Any:
    """Zeros, or None, for an output that nothing depends on."""

    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx: Any, g: Any, h: Any) -> Any:
        assert h is None
        return g * 2

    x = t.leaf(3)
    return written(t.m, backward, forward).apply(x)[0], cube_of(t.m).apply(x)[1]


def _as_given(t: Tensors) -> Any:
    x = t.leaf(3) * 1
    first, second = written(t.m, lambda c, g, h: g * 3 + h, lambda c, a: (a, a)).apply(x)
    assert first is not second
    same = written(t.m, lambda c, g, h: h * 3, lambda c, a: ((a * 2),) * 2).apply(x)
    assert same[0] is same[1]
    return first, second, same[0]


CASES: dict[str, Case] = {
    "two outputs": lambda t: [y * y for y in cube_of(t.m).apply(t.leaf(3))],
    "arguments": lambda t: product_of(t.m).apply(t.leaf(3), t.leaf(2, 3)[0], k=3.0),
    "the same twice": lambda t: product_of(t.m).apply(*[t.leaf(3)] * 2),
    "chain": _chain,
    "shared": _shared,
    "hooks": _hooked,
    "in place": lambda t: _in_place(t, part=False),
    "in place, a view": lambda t: _in_place(t, part=True),
    "complex": _complex,
    "indices": _sorted,
    "None": _passed_by,
    "unused": _unused,
    "as given": _as_given,
    "no tensors": lambda t: written(t.m, lambda c, g, h: g * 2, lambda c, a: (a * 2, 3)).apply(t.leaf(2)),
    "stretched gradient": lambda t: written(t.m, lambda c, g: t.m.ones(2, 3)).apply(t.leaf(3)),
    "view": lambda t: written(t.m, lambda c, g: g.view(3), lambda c, a: a.view(3, 1)).apply(t.leaf(3)),
    "more None": lambda t: written(t.m, lambda c, g: (g, None)).apply(t.leaf(3)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_beside_torch(case: Case) -> None:
    agree(case)


def _transformed(t: Tensors, *, own_rule: bool) -> Any:
    m, product, cube = t.m, product_of(t.m, own_rule=own_rule), cube_of(t.m)
    f = m.func
    x, w, rows = t.leaf(3), t.leaf(3), t.data(t.numbers(2, 3))
    return [
        f.grad(lambda a: cube.apply(a)[0].sum())(x),
        f.jacrev(f.grad(lambda a: (product.apply(a, w) * a).sum()))(x),
        f.vjp(lambda a: cube.apply(a)[1], x)[1](w)[0],
        f.jacrev(lambda a: m.vmap(lambda r: product.apply(r, a))(rows))(w),
        m.vmap(lambda r: product.apply(r, w))(rows),
        m.vmap(lambda c: product.apply(w[:2], c), in_dims=1, out_dims=1)(rows),
        m.vmap(product.apply)(rows, rows + 1),
        m.vmap(lambda r: m.vmap(product.apply)(r, w))(rows),
        m.vmap(lambda r: m.vmap(lambda q: product.apply(q, r[0]))(w))(rows),
        m.vmap(f.grad(lambda a, r: product.apply(r, r * a).pow(2).sum()), in_dims=(None, 0))(w, rows),
        f.grad(lambda a: m.vmap(lambda r: product.apply(r, a))(rows).pow(2).sum())(w),
        m.vmap(f.jacrev(f.jacrev(lambda r: (product.apply(r, w) * r).sum())))(rows),
    ]


@pytest.mark.parametrize("own_rule", [False, True], ids=["generated", "its own"])
def test_transforms(own_rule: bool) -> None:
    agree(lambda t: _transformed(t, own_rule=own_rule), names=False)


def test_many_cotangents_and_checks() -> None:
    def case(t: Tensors) -> Any:
        product, cube = product_of(t.m), cube_of(t.m)
        x, w = t.leaf(3), t.leaf(3)

        def function(x: Any, w: Any) -> Any:
            return product.apply(cube.apply(x)[0], w)

        assert t.m.autograd.gradcheck(function, (x, w), check_batched_grad=True)
        assert t.m.autograd.gradgradcheck(function, (x, w))
        rows = t.m.eye(3, dtype=t.m.float64)
        return t.m.autograd.grad(function(x, w), (x, w), rows, is_grads_batched=True)

    agree(case)


def test_a_node_is_its_ctx() -> None:
    x = tg.ones(3, requires_grad=True)
    y = product_of(tg).apply(x, x * 2)
    node = y.grad_fn
    assert str(y).endswith("grad_fn=<ProductBackward>)")
    assert node.name() == "ProductBackward"
    assert node.k == 2.0
    assert node.needs_input_grad == (True, True, False)
    assert node.saved_tensors[0] is x
    assert [link[0] and link[0].name() for link in node.next_functions] == [
        "torch::autograd::AccumulateGrad",
        "MulBackward0",
    ]


def test_a_node_shows_the_tensors_among_its_arguments() -> None:
    class Scaled(tg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, factor: float, x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
            return x * factor + y

        @staticmethod
        def backward(ctx: Any, ct: tg.Tensor) -> tuple[tg.Tensor | None, ...]:
            return None, ct * 2, None

    x = tg.ones(2, requires_grad=True)
    node = Scaled.apply(2.0, x, tg.ones(2)).grad_fn
    assert [end and end.variable is x for end, _ in node.next_functions] == [True, None]


def test_nothing_is_recorded_without_gradients() -> None:
    x = tg.ones(3, requires_grad=True)
    with tg.no_grad():
        y = product_of(tg).apply(x, x)
    assert not y.requires_grad
    assert y.grad_fn is None
    assert not product_of(tg).apply(tg.ones(3), tg.ones(3)).requires_grad
    seen = []

    def forward(ctx: Any, a: Any) -> Any:
        seen.append((tg.is_grad_enabled(), a is x))
        return a * 2

    written(tg, lambda c, g: g, forward).apply(x)
    assert seen == [(False, True)]


def test_a_step_is_one_message(messages: Callable[[], int]) -> None:
    x = tg.ones(3, requires_grad=True)
    messages()
    y = product_of(tg).apply(cube_of(tg).apply(x)[0], x).sum()
    y.backward()
    assert x.grad.tolist() == [8.0, 8.0, 8.0]
    assert float(y) == 6.0
    assert messages() == 1


def test_passes_inside_a_pass_are_part_of_its_message(messages: Callable[[], int]) -> None:
    """A backward that differentiates, as adjoint equations do, or that adds to other leaves' gradients."""
    w = tg.tensor([3.0], requires_grad=True)

    def backward(ctx: Any, g: Any) -> Any:
        with tg.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            (slope,) = tg.autograd.grad((x**3).sum(), x)
            (x * w).sum().backward()
        return g * slope

    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    x = tg.tensor([2.0], requires_grad=True)
    messages()
    written(tg, backward, forward).apply(x).backward()
    assert messages() == 1
    assert (x.grad.item(), w.grad.item()) == (12.0, 2.0)


def test_memory_comes_back() -> None:
    """A pass that does not keep the graph leaves nothing in memory, although the losses are kept."""
    x = tg.ones(1000, dtype=tg.float64, requires_grad=True)
    losses = []
    for _ in range(4):
        losses.append(product_of(tg).apply(cube_of(tg).apply(x.exp())[0].exp(), x).sum())
        losses[-1].item()
        losses[-1].backward()
        x.grad.sum().item()
    assert not tg.residuals()


def test_old_classes() -> None:
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        made = InplaceFunction(True)
    assert made.inplace
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        made(tg.ones(1))


def test_only_inputs_are_dirty() -> None:
    def forward(ctx: Any, a: Any) -> Any:
        y = a * 2
        ctx.mark_dirty(y)
        return y

    with pytest.warns(UserWarning, match="was not an input"):
        written(tg, lambda c, g: g, forward).apply(tg.ones(1, requires_grad=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = tg.ones(2)
        assert written(tg, lambda c, g: g, marked).apply(plain) is plain
    assert plain.tolist() == [2.0, 2.0]


def test_once_is_enough_where_nothing_is_differentiated() -> None:
    marked = once_differentiable(lambda ctx, g: (g * 2, None))
    with tg.enable_grad():
        found, none = marked(None, tg.ones(2))
    assert not found.requires_grad
    assert none is None
