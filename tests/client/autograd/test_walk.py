"""Walking the graph: order, reach, checks."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.autograd import walk
from telegrad.autograd.graph import Accumulate, Edge, Node, edge_of


def edge(tensor: tg.Tensor) -> Edge:
    found = edge_of(tensor)
    assert found is not None
    return found


def test_nodes_come_before_those_that_their_gradients_go_to() -> None:
    x = tg.ones(1, requires_grad=True)
    a = x * 2
    b = a.exp()
    c = a + b
    reached = walk.reach([edge(c), edge(b)], None)
    assert [node.name() for node in reached.nodes] == ["AddBackward0", "ExpBackward0", "MulBackward0"]
    assert [leaf.variable for leaf in reached.leaves] == [x]
    for i, node in enumerate(reached.nodes):
        below = [e[0] for e in node.edges if e is not None and isinstance(e[0], Node)]
        assert all(reached.nodes.index(n) > i for n in below)


def test_only_what_leads_to_the_wanted_is_reached() -> None:
    x, y = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    a, b = x.exp(), y.exp()
    total = a * b
    wanted = edge(x)
    reached = walk.reach([edge(total)], lambda e: e == wanted)
    assert [node.name() for node in reached.nodes] == ["MulBackward0", "ExpBackward0"]
    assert walk.reach([edge(total)], lambda e: False).nodes == []


def test_a_leaf_may_be_a_root() -> None:
    x = tg.ones(1, requires_grad=True)
    reached = walk.reach([edge(x)], None)
    assert reached.nodes == []
    assert [type(leaf) for leaf in reached.leaves] == [Accumulate]


def test_freed_and_changed_nodes_are_refused() -> None:
    x = tg.ones(2, requires_grad=True)
    y = x.exp()
    nodes = walk.reach([edge(y)], None).nodes
    walk.check(nodes)
    y.mul_(2)
    with pytest.raises(
        RuntimeError,
        match=r"\[torch.FloatTensor \[2\]\], which is output 0 of Exp, is at version 1; expected version 0",
    ):
        walk.check(nodes)
    z = x + 1
    added = walk.reach([edge(z)], None).nodes
    walk.free([*nodes, *added])
    # An addition's derivative reads nothing, so nothing is missed.
    assert (nodes[0].freed, added[0].freed) == (True, False)
    with pytest.raises(RuntimeError, match="a second time"):
        walk.check(nodes)


def test_what_a_gradients_derivative_reads_is_checked_too() -> None:
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    (gradient,) = tg.autograd.grad((y**2).sum(), y, create_graph=True)
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"which is output 0 of Add, is at version 1; expected version 0"):
        gradient.sum().backward()


def test_the_mirror_shows_what_gradients_depend_on() -> None:
    x, w = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    y = x * w
    root = edge(y)
    numbers = iter(range(1000, 2000))
    paths = walk.Mirror(walk.reach([root], None).nodes, lambda: next(numbers)).advance()
    to_x = paths[id(edge(x)[0]), 0][0]
    assert isinstance(to_x, Node)
    # The gradient for x is w's: it goes on to w only.
    assert [e[0] for e in to_x.edges if e is not None] == [edge(w)[0]]
    plain = edge(x + 1)
    picture = walk.Mirror(walk.reach([plain], None).nodes, lambda: next(numbers))
    assert picture.advance() == {}
    picture.meet(plain, edge(w))
    assert picture.paths == {(id(plain[0]), 0): edge(w)}
