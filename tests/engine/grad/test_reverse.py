"""Reverse mode as a transformation of graphs: no array is there."""

from __future__ import annotations

import pytest

from telegrad_engine.grad.reverse import gradients, region, vjp_of
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import RECORDS
from telegrad_engine.ops.registry import load_families
from telegrad_proto import dtypes
from telegrad_proto.ir import Node, Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec

load_families()
F32 = Spec((2,), dtypes.float32)


def leaf(spec: Spec = F32, *, tracked: bool = True) -> Value:
    value = Value(spec)
    value.tracked = tracked
    return value


def op(name: str, *inputs: Value, attrs: tuple[AttrValue, ...] = ()) -> Value:
    return apply_op(OPSET[name], inputs, attrs, track=True).output()


def node_of(value: Value) -> Node:
    assert value.node is not None
    return value.node


class TestRegion:
    def test_users_come_before_makers_each_once(self) -> None:
        x = leaf()
        a = op("sin", x)
        b = op("mul", a, a)
        c = op("add", b, a)
        assert region([c], [x]) == [node_of(c), node_of(b), node_of(a)]

    def test_only_what_leads_to_a_target(self) -> None:
        x, w = leaf(), leaf()
        a, b = op("sin", x), op("cos", w)
        c = op("mul", a, b)
        assert region([c], [x]) == [node_of(c), node_of(a)]
        assert region([c], [a]) == [node_of(c)]
        assert region([c], [a, x]) == [node_of(c), node_of(a)]
        assert region([c], [leaf()]) == []
        assert region([c], [c]) == []
        assert region([x], [x]) == []

    def test_a_node_shared_by_a_way_that_leads_and_one_that_does_not(self) -> None:
        x, w = leaf(), leaf()
        a = op("sin", x)
        dead = op("cos", w)
        c = op("add", op("mul", dead, a), op("mul", a, dead))
        assert set(region([c], [x])) == {node_of(c), *[node_of(v) for v in node_of(c).inputs], node_of(a)}

    def test_no_gradient_flows_where_none_is_needed(self) -> None:
        x, c = leaf(), leaf(tracked=False)
        y = op("mul", op("sin", c), x)
        assert region([y], [c]) == []
        assert region([op("eq", x, x)], [x]) == []

    def test_several_roots(self) -> None:
        x = leaf()
        a = op("sin", x)
        b = op("cos", a)
        order = region([a, b, a], [x])
        assert order.index(node_of(b)) < order.index(node_of(a))
        assert len(order) == 2

    def test_deep_and_wide_graphs(self) -> None:
        x = value = leaf()
        for _ in range(20_000):
            value = op("add", value, value)
        assert len(region([value], [x])) == 20_000


class TestGradients:
    def test_a_value_that_no_root_depends_on_gets_zeros(self) -> None:
        x, w = leaf(), leaf(Spec((3, 1), dtypes.complex64))
        _, zero = gradients([op("sin", x)], [None], [x, w])
        assert node_of(zero).op is OPSET["full"]
        assert node_of(zero).attrs == ((3, 1), 0, dtypes.complex64)

    def test_a_root_is_its_own_cotangent(self) -> None:
        y, ct = op("sin", leaf()), leaf(tracked=False)
        assert gradients([y], [ct], [y]) == (ct,)
        (one,) = gradients([y], [None], [y])
        assert node_of(one).attrs == ((2,), 1, dtypes.float32)

    def test_cotangents_of_one_value_add_up(self) -> None:
        x, ct = leaf(), leaf(tracked=False)
        y = op("neg", x)
        (found,) = gradients([y, y], [ct, ct], [y])
        assert node_of(found).op is OPSET["add"]

    def test_what_broadcasting_repeated_is_summed(self) -> None:
        x = leaf(Spec((1, 3), dtypes.float32))
        y = op("mul", x, leaf(Spec((4, 2, 3), dtypes.float32)))
        (found,) = gradients([y], [None], [x])
        assert found.spec is x.spec

    def test_a_real_value_in_a_complex_function_gets_a_real_gradient(self) -> None:
        x = leaf()
        y = op("cast", x, attrs=(dtypes.complex64,))
        (found,) = gradients([op("mul", y, y)], [None], [x])
        assert found.spec is F32

    def test_the_result_can_be_differentiated_again_only_when_asked(self) -> None:
        x = leaf()
        y = op("sin", x)
        assert not gradients([y], [None], [x])[0].differentiable
        assert gradients([y], [None], [x], create_graph=True)[0].differentiable

    def test_nodes_know_the_forward_value_that_they_belong_to(self) -> None:
        x = leaf()
        y = op("sin", x)
        node_of(y).origin = 42
        (found,) = gradients([y], [None], [x])
        assert node_of(found).origin == 42
        assert node_of(g.neg(x)).origin == 0

    def test_an_error_in_a_rule_leaves_no_trace(self) -> None:
        x = leaf(Spec((3, 2), dtypes.float32))
        q = op("qr", x, attrs=(True,))
        node_of(q).origin = 42
        with pytest.raises(RuntimeError, match="not differentiable"):
            gradients([q], [None], [x], create_graph=True)
        value = g.neg(x)
        assert node_of(value).origin == 0
        assert not value.differentiable

    def test_deep_graphs(self) -> None:
        x = value = leaf()
        for _ in range(20_000):
            value = op("neg", value)
        (found,) = gradients([value], [None], [x])
        assert found.spec is F32


def test_a_variadic_rule_is_told_the_position() -> None:
    xs = [leaf(), leaf(), leaf()]
    node = node_of(op("concatenate", *xs, attrs=(0,)))
    starts = []
    for position in range(3):
        found = vjp_of(RECORDS["concatenate"], node, position, (Value(node.specs[0]),))
        assert found is not None
        assert found.spec is F32
        starts.append(node_of(found).attrs[0])
    assert starts == [(0,), (2,), (4,)]


def test_where_no_gradient_flows_there_is_no_rule() -> None:
    node = node_of(op("eq", leaf(), leaf()))
    assert vjp_of(RECORDS["eq"], node, 0, (leaf(),)) is None


@pytest.mark.parametrize("create_graph", [False, True])
def test_many_cotangents_at_once(create_graph: bool) -> None:
    x, w, unused = leaf(), leaf(), leaf()
    y = op("mul", op("sin", x), w)
    ct = leaf(Spec((5, 2), dtypes.float32))
    found = gradients([y, w], [ct, None], [x, w, unused], create_graph=create_graph, batch=5)
    assert [value.spec.shape for value in found] == [(5, 2)] * 3
    assert [type(value) for value in found] == [Value] * 3
    assert [value.differentiable for value in found] == [create_graph, create_graph, False]
    (alone,) = gradients([w], [None], [w], batch=5)
    assert alone.spec.shape == (5, 2)


def test_what_was_used_without_a_gradient_is_constant_to_any_order() -> None:
    x = leaf()
    node = Node(OPSET["mul"], (x, x), (), (F32,), needs=(1,))  # detached in the first place
    (first,) = gradients([node.output()], [None], [x], create_graph=True)
    assert not first.differentiable
    square = op("mul", x, x)
    (first,) = gradients([op("add", node.output(), square)], [None], [x], create_graph=True)
    (second,) = gradients([first], [None], [x])
    reads = {id(value) for made in region([first], [x]) for value in made.inputs}
    assert second.spec is F32
    assert id(node.output()) not in reads
