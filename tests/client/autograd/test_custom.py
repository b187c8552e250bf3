"""Which gradients reach which custom node, and the levels that its code runs in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd import walk
from telegrad.autograd.custom import Cotangents, CustomNode, Flow, resumed, unwrapped
from telegrad.autograd.graph import edge_of
from telegrad.autograd.mode import MODE
from telegrad.recording.batching import Level, enter, example, leave
from telegrad.tensor import Tensor


class Doubling(CustomNode):
    """The derivative of `x * 2`, or of nothing where `stops`."""

    stops = False

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> Sequence[Tensor | None]:
        return [None if self.stops else cts[0] * 2]


def doubled(x: Tensor, *, stops: bool = False) -> Tensor:
    edge = edge_of(x)
    assert edge is not None
    node = Doubling.__new__(Doubling)
    node.start("Doubling", [(x._value, edge)])
    y: Tensor = x.detach() * 2
    y._edge, y._tracked = (node, 0), True
    node.finish({0: y._value}, 1)
    node.stops = stops
    return y


def test_a_pass_goes_through() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = doubled(doubled(x * 3).exp() * 0 + doubled(x))
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]
    assert y.grad_fn.name() == "Doubling"


def test_what_stops_gives_nothing() -> None:
    x = tg.ones(2, requires_grad=True)
    y = (doubled(x * 3, stops=True) + doubled(x * 1)).sum()
    y.backward(retain_graph=True)
    assert x.grad.tolist() == [2.0, 2.0]
    stopped = doubled(x, stops=True).sum()
    stopped.backward(retain_graph=True)
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        tg.autograd.grad(stopped, x)


def test_the_flow_knows_the_roots_of_each_node() -> None:
    x, w = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    first = doubled(x * 1)
    second = doubled(first * 1)
    edges = [e for e in (edge_of(second), edge_of(w * 1)) if e is not None]
    flow = Flow(walk.reach(edges, None).nodes, edges)
    inner, outer = edge_of(first), edge_of(second)
    assert inner is not None
    assert outer is not None
    assert isinstance(outer[0], Doubling)
    assert isinstance(inner[0], Doubling)
    assert flow.roots_to(outer[0]) == [0, 1]  # a pass's own roots are one
    assert flow.arrived(outer)
    assert not flow.arrived(inner)
    flow.add(outer[0], 0)
    assert flow.arrived(inner)
    assert flow.roots_to(inner[0]) == [2]


def test_levels_run_again() -> None:
    level = enter(3, "error")
    leave(level)
    whole = tg.tensor(np.arange(12.0).reshape(2, 3, 2))
    with resumed((level,), 2) as again:
        assert MODE.levels == again.levels
        assert again.levels[1] is level
        assert level.running
        inside = again.inside(whole, (level,))
        assert inside.shape == (2,)
        assert unwrapped(inside._value)[1] == again.levels
        back = again.outside(inside * 2, (level,))
        summed = again.outside(inside, ())
        same = again.outside(tg.ones(2), (level,))
    assert not level.running
    assert MODE.levels == ()
    assert np.array_equal(back.numpy(), whole.numpy() * 2)
    assert np.array_equal(summed.numpy(), whole.numpy().sum(1))
    assert same.shape == (2, 3, 2)


def test_unwrapped() -> None:
    x = tg.ones(2, 3)
    outer, inner = Level(2, 0, "error"), Level(3, 1, "error")
    value, levels = unwrapped(example(example(x, outer), inner)._value)
    assert value is x._value
    assert levels == (outer, inner)
