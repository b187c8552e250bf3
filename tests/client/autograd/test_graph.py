"""The client's picture of the graph."""

from __future__ import annotations

import gc

import telegrad as tg
from telegrad.autograd.graph import Accumulate, Node, counter_of, edge_of, leaf_edge, renamed, titled


def test_nodes_know_their_neighbours() -> None:
    x, w = tg.ones(2, requires_grad=True), tg.ones(2)
    node = (x * w).grad_fn
    assert isinstance(node, Node)
    assert node.name() == "MulBackward0"
    (first, _), (second, place) = node.next_functions
    assert isinstance(first, Accumulate)
    assert first.variable is x
    assert (second, place) == (None, 0)
    assert first.name() == "torch::autograd::AccumulateGrad"
    assert first.next_functions == ()
    assert repr(node).startswith("<MulBackward0 object at 0x")
    assert repr(first).startswith("<AccumulateGrad object at 0x")


def test_a_leaf_has_one_end_as_long_as_a_graph_holds_it() -> None:
    x = tg.ones(1, requires_grad=True)
    y = x * 2
    assert leaf_edge(x)[0] is y.grad_fn.next_functions[0][0]
    with tg.no_grad():
        x.add_(1)
    assert leaf_edge(x)[0] is not y.grad_fn.next_functions[0][0]
    assert edge_of(tg.ones(1)) is None


def test_a_graph_dies_with_its_last_tensor() -> None:
    gc.disable()
    try:
        x = tg.ones(1, requires_grad=True)
        y = (x * 2).exp()
        extra = x._extra
        assert extra is not None
        assert extra.accumulate is not None
        assert extra.accumulate() is not None
        del y
        # By counting references alone: a graph has no cycles.
        assert extra.accumulate() is None
    finally:
        gc.enable()


def test_a_deep_graph_is_made_walked_and_dropped() -> None:
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1
    y.sum().backward()
    assert x.grad.item() == 1.0
    del y


def test_a_temporary_is_let_go_although_the_graph_lives() -> None:
    x = tg.ones(1, requires_grad=True)
    y = x * 2
    number = y._value.id
    z = y * 3
    del y
    assert number in tg.current_session().recorder.released
    z.backward()
    assert x.grad.item() == 6.0


def test_renamed_rules_are_shared() -> None:
    x = tg.ones(1, requires_grad=True)
    a, b = titled(x * 2, "Other"), titled(x * 3, "Other")
    assert a.grad_fn.rule is b.grad_fn.rule
    assert renamed(a.grad_fn.rule, "Other") is renamed(a.grad_fn.rule, "Other")
    assert (x * 4).grad_fn.name() == "MulBackward0"
    assert titled(tg.ones(1), "Other").grad_fn is None


def test_counters_are_shared_with_views() -> None:
    x = tg.ones(2)
    assert counter_of(x) is counter_of(x)
    assert counter_of(x[0]) is counter_of(x)
    assert counter_of(x.detach()) is counter_of(x)
    assert counter_of(x.data) is not counter_of(x)
