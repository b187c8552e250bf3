"""Selection, plan, run, and what stays."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import numpy as np
import pytest

from telegrad_engine.grad.reverse import region
from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.plan.gradient import Pending, gradient_node
from telegrad_engine.runtime.backend import backend
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.evaluate import evaluate
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto import dtypes, errors
from telegrad_proto.ir import Buffer, Ledger, Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec
from tests.engine.drafts import Array, f32, spec_of


@pytest.fixture
def device() -> Device:
    return Device(backend(), PlanCache(), Ledger())


def leaf(device: Device, array: Array, *, tracked: bool = True) -> Value:
    value = Value(spec_of(array), leaf=Buffer(array, array.nbytes, device.ledger))
    value.tracked = tracked
    return value


def op(name: str, *inputs: Value, attrs: tuple[AttrValue, ...] = (), held: bool = False) -> Value:
    value = apply_op(OPSET[name], inputs, attrs, track=True).output()
    value.held = held
    return value


def compute(device: Device, *wanted: Value, pending: Sequence[Pending] = ()) -> list[tuple[Value, Buffer]]:
    return evaluate(wanted, pending, device, Interrupt())[1]


def test_wanted_values_come_with_their_buffers(device: Device) -> None:
    x = leaf(device, f32([1, 2]), tracked=False)
    y, z = op("neg", x), op("exp", x)
    stats, kept = evaluate([y, z], [], device, Interrupt())
    assert {id(v) for v, _ in kept} == {id(y), id(z)}
    assert y.buffer is kept[0][1] or y.buffer is kept[1][1]
    assert stats.steps == 2
    assert not stats.plan_cached
    assert stats.plan_ns > 0
    assert stats.execute_ns > 0
    assert device.ledger.held_bytes == 24


def test_what_is_in_memory_costs_nothing(device: Device) -> None:
    x = leaf(device, f32([1, 2]))
    stats, kept = evaluate([x, x], [], device, Interrupt())
    assert (stats.steps, kept) == (0, [])
    assert stats.plan_cached


def test_the_same_value_twice_is_computed_once(device: Device) -> None:
    y = op("neg", leaf(device, f32([1, 2])))
    assert len(compute(device, y, y)) == 1


def test_residuals_stay_with_their_nodes(device: Device) -> None:
    e = op("exp", leaf(device, f32([1, 2])))
    s = op("sin", e)
    kept = compute(device, s)
    assert e.node is not None
    assert s.node is not None
    assert [b.array.tolist() for b in e.node.saved] == [e.buffer.array.tolist()]  # type: ignore[union-attr]
    assert s.node.saved == e.node.saved
    del kept
    assert e.buffer is not None
    assert s.buffer is None


def test_a_held_value_that_lets_no_gradient_through_becomes_a_leaf(device: Device) -> None:
    x = leaf(device, f32([1, 2]), tracked=False)
    y = op("neg", x, held=True)
    z = op("neg", op("neg", y), held=True)
    z.tracked = True
    kept = compute(device, z)
    assert len(kept) == 2
    assert y.node is None
    assert z.node is None
    assert z.tracked
    assert y.buffer is not None
    assert y.buffer.array.tolist() == [-1, -2]


def test_a_held_value_within_a_graph_stays_in_it(device: Device) -> None:
    y = op("neg", leaf(device, f32([1, 2])), held=True)
    kept = compute(device, y)
    assert y.node is not None
    del kept
    assert y.buffer is None


def test_gradients_come_one_by_one(device: Device) -> None:
    x, w = leaf(device, f32([1, 2])), leaf(device, f32([3, 4]))
    y = op("sum", op("mul", x, w), attrs=((0,), False))
    node = gradient_node((y,), (None,), (x, w))
    gx, gw = node.outputs()
    gx.held = gw.held = True
    pending = [Pending(node, tuple(region([y], [x, w])))]
    assert [b.array.tolist() for _, b in compute(device, gw, pending=pending)] == [[1, 2]]
    assert (gx.node, gw.node) == (node, None)
    assert node.living_outputs() == [gx]
    assert [b.array.tolist() for _, b in compute(device, gx, pending=pending)] == [[3, 4]]
    assert node.living_outputs() == []


def test_a_failure_changes_nothing(device: Device) -> None:
    gc.disable()
    try:
        x = leaf(device, f32([1, 2]))
        e = op("exp", x, held=True)
        far = leaf(device, np.array([5]))
        y = op("index", e, far, attrs=((0,),))
        before = device.ledger.held_bytes
        with pytest.raises(errors.IndexRangeError):
            compute(device, y)
        assert e.buffer is None
        assert e.node is not None
        assert e.node.saved == ()
        assert device.ledger.held_bytes == before
    finally:
        gc.enable()


def test_more_than_the_limit_is_refused_before_it_runs(device: Device) -> None:
    bounded = Device(device.backend, device.plans, device.ledger, limit_bytes=1000)
    x = leaf(bounded, np.zeros(100, np.float32))
    big = op("broadcast_to", x, attrs=((50, 100),))
    assert big.node is not None
    big.node.origin = 9
    y = op("sum", big, attrs=((0, 1), False))
    with pytest.raises(
        errors.OutOfMemoryError, match=r"may hold 1000 bytes and holds 400; .* float32\[50, 100\]"
    ) as refused:
        compute(bounded, y)
    assert refused.value.details["node"] == 9
    assert len(compute(bounded, op("neg", x))) == 1


def test_a_result_that_is_a_window_does_not_hold_the_whole(device: Device) -> None:
    x = leaf(device, np.zeros(1000, np.float32), tracked=False)
    y = op("slice", op("neg", x), attrs=((0,), (2,), (1,)))
    ((_, buffer),) = compute(device, y)
    assert buffer.array.base is None
    assert buffer.nbytes == 8
    assert Spec((2,), dtypes.float32) is y.spec
