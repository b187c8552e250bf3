"""The list of what is kept for backward passes."""

from __future__ import annotations

from telegrad_engine.runtime.inspect import nodes_behind, residuals_reply
from telegrad_proto import dtypes
from telegrad_proto.ir import Buffer, Ledger, Value, apply_op
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec
from tests.engine.drafts import Draft, f32

F32 = Spec((2,), dtypes.float32)


def op(name: str, *inputs: Value) -> Value:
    return apply_op(OPSET[name], inputs, (), track=True).output()


def test_nodes_come_makers_first_each_once() -> None:
    x = Value(F32)
    a = op("sin", x)
    b = op("mul", a, a)
    c = op("add", b, a)
    order = nodes_behind([c, b, x])
    assert [n.op.name for n in order] == ["sin", "mul", "add"]


def test_deep_graphs_are_walked_without_recursion_and_wide_ones_once() -> None:
    value = Value(F32)
    for _ in range(20_000):
        value = op("add", value, value)  # 2^20000 paths
    assert len(nodes_behind([value])) == 20_000


def test_a_value_that_two_derivatives_read_is_listed_once() -> None:
    draft = Draft()
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("mul", draft.node("sin", x), draft.node("cos", x))
    draft.fetch(y)
    rows = [(r.op, r.value_id, r.decision) for r in draft.session.residuals().residuals]
    assert sorted(rows) == [("cos", 3, "save"), ("leaf", x, "save"), ("sin", 2, "save")]


def test_values_of_a_gradients_own_graph_are_listed_too() -> None:
    draft = Draft()
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("sum", draft.node("exp", draft.node("mul", x, x)), attrs=((0,), False))
    (g,) = draft.backward([y], [x], create_graph=True)
    draft.fetch(g)
    reply = draft.session.residuals()
    assert {r.op for r in reply.residuals} >= {"leaf", "exp", "mul"}
    assert sum(r.size_bytes for r in reply.residuals) <= reply.held_bytes
    assert all(r.reason.startswith("the derivative of ") for r in reply.residuals)


def test_nothing_kept_nothing_listed() -> None:
    reply = residuals_reply([Value(F32, leaf=Buffer(object(), 8, Ledger()))], 8)
    assert len(reply.residuals) == 0
    assert reply.held_bytes == 8
