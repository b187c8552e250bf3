"""Nodes, values and buffers: who holds whom."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import DTypeError
from telegrad_proto.ir import Buffer, Ledger, Node, Value, apply_op
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec

F32 = Spec((2,), dtypes.float32)
I64 = Spec((2,), dtypes.int64)


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """A graph dies by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*, tracked: bool = False) -> Value:
    value = Value(F32)
    value.tracked = tracked
    return value


def sort_of(x: Value, *, track: bool) -> Node:
    return apply_op(OPSET["sort"], [x], (0, False, True), track=track)


def test_an_output_is_one_object_as_long_as_somebody_holds_it() -> None:
    node = apply_op(OPSET["sin"], [leaf()], ())
    first = node.output()
    assert node.output() is first
    assert node.outputs() == (first,)
    assert node.living_outputs() == [first]
    del first
    assert node.living_outputs() == []
    assert node.output().spec is F32


def test_a_graph_dies_with_its_last_handle() -> None:
    x = leaf()
    node = apply_op(OPSET["sin"], [apply_op(OPSET["cos"], [x], ()).output()], ())
    value = node.output()
    gone = weakref.ref(node.inputs[0])
    del node
    assert gone() is not None
    del value
    assert gone() is None


def test_a_long_graph_dies_without_recursion() -> None:
    value = leaf()
    for _ in range(100_000):
        value = apply_op(OPSET["neg"], [value], ()).output()
    gone = weakref.ref(value)
    del value
    assert gone() is None


def test_the_ledger_counts_buffers_as_long_as_they_live() -> None:
    ledger = Ledger()
    one, two = Buffer(object(), 8, ledger), Buffer(object(), 4, ledger)
    assert ledger.held_bytes == 12
    del one
    assert ledger.held_bytes == 4
    del two
    assert ledger.held_bytes == 0


def test_a_nodes_array_lives_as_long_as_somebody_holds_the_buffer() -> None:
    node = apply_op(OPSET["sin"], [leaf()], ())
    value = node.output()
    assert value.buffer is None
    buffer = Buffer(object(), 8, Ledger())
    node.cells[0] = weakref.ref(buffer)
    assert value.buffer is buffer
    del buffer
    assert value.buffer is None


def test_what_is_differentiable() -> None:
    x, c = leaf(tracked=True), leaf()
    assert x.differentiable
    assert not x.inner
    assert not c.differentiable
    assert not apply_op(OPSET["mul"], [x, c], ()).output().differentiable
    y = apply_op(OPSET["mul"], [x, c], (), track=True)
    assert y.needs == (0,)
    assert y.output().differentiable
    assert y.output().inner
    assert apply_op(OPSET["eq"], [x, c], (), track=True).needs == ()
    values, order = sort_of(x, track=True).outputs()
    assert values.differentiable
    assert not order.differentiable


def test_a_cut_value_is_a_leaf_that_its_node_has_forgotten() -> None:
    node = sort_of(leaf(tracked=True), track=True)
    values, order = node.outputs()
    buffer = Buffer(object(), 16, Ledger())
    node.cells[1] = weakref.ref(buffer)
    order.cut(buffer)
    assert (order.node, order.index, order.buffer) == (None, 0, buffer)
    other = node.output(1)
    assert other is not order
    assert (other.index, other.buffer) == (1, buffer)
    assert node.output(0) is values


def test_a_cut_value_lets_its_history_go() -> None:
    node = apply_op(OPSET["sin"], [leaf()], ())
    value, gone = node.output(), weakref.ref(node.inputs[0])
    value.tracked = True
    value.cut(Buffer(object(), 8, Ledger()))
    del node
    assert gone() is None
    assert value.differentiable
    assert not value.inner


def test_specs_are_inferred_and_checked() -> None:
    assert sort_of(leaf(), track=False).specs == (F32, I64)
    with pytest.raises(DTypeError):
        apply_op(OPSET["sin"], [Value(I64)], ())


def test_how_they_print() -> None:
    node = apply_op(OPSET["sin"], [leaf()], ())
    assert repr(node) == "<Node sin -> float32[2]>"
    assert repr(node.output()) == "<Value sin float32[2]>"
    assert repr(leaf()) == "<Value leaf float32[2]>"
