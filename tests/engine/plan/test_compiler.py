"""Plans: the steps, what they keep, what they need at most; and the cache."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Sequence

import numpy as np
import pytest

from telegrad_engine.plan.compiler import Plan, PlanCache, compile_plan
from telegrad_engine.plan.gradient import gradient_node
from telegrad_engine.plan.selection import select
from telegrad_proto import dtypes
from telegrad_proto.errors import GradientError
from telegrad_proto.ir import Buffer, Ledger, Node, Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec

N = 1000
F32 = Spec((N,), dtypes.float32)
LEDGER = Ledger()


def leaf(spec: Spec = F32, *, tracked: bool = True) -> Value:
    value = Value(spec, leaf=Buffer(np.ones(spec.shape, np.float32), spec.nbytes, LEDGER))
    value.tracked = tracked
    return value


def op(name: str, *inputs: Value, attrs: tuple[AttrValue, ...] = (), track: bool = True) -> Value:
    return apply_op(OPSET[name], inputs, attrs, track=track).output()


def total(x: Value) -> Value:
    return op("sum", x, attrs=((0,), False))


def plan_of(*wanted: Value, through: Sequence[Node] = ()) -> Plan:
    return compile_plan(select(wanted, {id(n) for n in through}))


def ops(plan: Plan) -> list[str]:
    return [step.op for step in plan.steps]


def gradient_of(root: Value, *wrt: Value) -> tuple[Value, ...]:
    return gradient_node((root,), (None,), wrt).outputs()


@pytest.mark.parametrize("n", [1, 10, 300])
def test_without_gradient_a_chain_needs_two_arrays_at_a_time(n: int) -> None:
    y = leaf(tracked=False)
    for _ in range(n):
        y = op("sin", y)
    plan = plan_of(y)
    assert len(plan.steps) == n
    assert plan.peak_bytes == min(n, 2) * F32.nbytes
    assert plan.saves == ()


@pytest.mark.parametrize("n", [1, 10, 300])
def test_with_gradient_a_chain_needs_each_array_once(n: int) -> None:
    y = x = leaf()
    for _ in range(n):
        y = op("sin", y)
    y = total(y)
    plan = plan_of(y)
    assert plan.peak_bytes == n * F32.nbytes + y.spec.nbytes
    assert len(plan.saves) == n
    (g,) = gradient_of(y, x)
    assert plan_of(g).peak_bytes <= (n + 3) * F32.nbytes


def test_saved_values_are_those_that_derivatives_read() -> None:
    x = leaf()
    e = op("exp", x)
    s = op("sin", e)
    y = total(op("neg", s))
    selection = select([y], set())
    plan = compile_plan(selection)
    saved = {
        selection.nodes[i][0].op.name: [selection.values[n] for n in numbers] for i, numbers in plan.saves
    }
    assert saved == {"exp": [e], "sin": [e]}
    assert {selection.values[number] for _, number in plan.keeps} == {e, y}


def test_a_freed_node_saves_nothing() -> None:
    e = op("exp", leaf())
    y = total(e)
    assert e.node is not None
    e.node.freed = True
    assert len(plan_of(y).keeps) == 1


def test_what_a_live_id_names_is_kept() -> None:
    x = leaf(tracked=False)
    e = op("exp", x)
    e.held = True
    selection = select([op("sin", e)], set())
    plan = compile_plan(selection)
    assert {selection.values[number].node.op.name for _, number in plan.keeps} == {"exp", "sin"}  # type: ignore[union-attr]


def test_a_held_gradient_met_on_the_way_is_kept() -> None:
    x = leaf()
    (g,) = gradient_of(total(op("mul", x, x)), x)
    g.held = True
    selection = select([op("neg", g)], set())
    assert g in {selection.values[number] for _, number in compile_plan(selection).keeps}


def test_a_backward_pass_is_expanded_and_shares_with_the_forward() -> None:
    x = leaf()
    y = total(op("exp", op("sin", x)))
    (g,) = gradient_of(y, x)
    plan = plan_of(y, g)
    assert ops(plan).count("exp") == ops(plan).count("sin") == 1
    assert "gradient" not in ops(plan)
    assert "add" not in ops(plan)


def test_a_gradient_alone_computes_only_what_it_reads() -> None:
    x = leaf()
    (g,) = gradient_of(total(op("sin", x)), x)
    assert "sin" not in ops(plan_of(g))


def test_two_gradients_that_are_one_value() -> None:
    x, w = leaf(), leaf()
    selection = select(gradient_of(total(op("add", x, w)), x, w), set())
    plan = compile_plan(selection)
    assert {number for _, number in plan.keeps} == set(selection.wanted)


def test_the_rest_of_a_node_whose_other_output_is_in_memory() -> None:
    node = apply_op(OPSET["sort"], [leaf()], (0, False, True), track=True)
    values, order = node.outputs()
    array = Buffer(np.zeros(N, np.int64), 8 * N, LEDGER)
    node.cells[1] = weakref.ref(array)
    selection = select([values], set())
    plan = compile_plan(selection)
    assert ops(plan) == ["sort"]
    assert [selection.values[number] for _, number in plan.keeps] == [values]
    assert order.buffer is array


def test_an_array_in_memory_is_not_computed_again_for_a_later_gradient() -> None:
    a, b = leaf(), leaf()
    y = op("mul", a, b)
    z = total(op("mul", y, y))
    assert y.node is not None
    held = Buffer(np.ones(N, np.float32), F32.nbytes, LEDGER)
    y.node.cells[0] = weakref.ref(held)
    (g,) = gradient_of(z, a)
    assert z.node is not None
    plan = plan_of(g, through=[y.node, z.node, z.node.inputs[0].node])  # type: ignore[list-item]
    assert plan.saves == ()
    assert len(plan.loads) == 2  # y and b


def test_every_step_knows_the_forward_value_that_it_belongs_to() -> None:
    x = leaf()
    e = op("exp", x)
    y = total(e)
    for number, value in enumerate((e, y), start=50):
        assert value.node is not None
        value.node.origin = number
    (g,) = gradient_of(y, x)
    selection = select([y, g], set())
    for step in compile_plan(selection).steps:
        node = selection.values[step.origin].node
        assert node is not None
        assert node.origin in (50, 51)


def test_a_derivative_that_cannot_be_says_so_when_planned() -> None:
    x = leaf(Spec((3, 2), dtypes.float32))
    q, _ = apply_op(OPSET["qr"], [x], (True,), track=True).outputs()
    (g,) = gradient_of(op("sum", q, attrs=((0, 1), False)), x)
    with pytest.raises(GradientError, match="not differentiable"):
        plan_of(g)


class TestCache:
    def test_plans_are_found_by_structure(self) -> None:
        plans = PlanCache()
        found = [plans.plan_for(select([op("sin", leaf())], set())) for _ in range(3)]
        assert [known for _, known in found] == [False, True, True]
        assert found[0][0] is found[2][0]
        assert (plans.hits, plans.misses) == (2, 1)

    def test_the_least_recently_used_goes_first(self) -> None:
        plans = PlanCache(entries=2)

        def known(name: str) -> bool:
            return plans.plan_for(select([op(name, leaf())], set()))[1]

        assert [known(n) for n in ("sin", "cos", "sin", "exp")] == [False, False, True, False]
        assert known("sin")
        assert not known("cos")

    def test_long_plans_count_more(self) -> None:
        plans = PlanCache(entries=100, parts=1_000)
        y = leaf(tracked=False)
        for _ in range(50):
            y = op("neg", y)
            plans.plan_for(select([y], set()))
        assert sum(len(k) for k in plans._plans) <= 1_000
        assert plans.plan_for(select([y], set()))[1]

    def test_a_plan_larger_than_the_cache_is_not_kept(self) -> None:
        plans = PlanCache(parts=10)
        y = leaf(tracked=False)
        for _ in range(50):
            y = op("neg", y)
        plans.plan_for(select([y], set()))
        assert len(plans._plans) == 0

    def test_a_cached_plan_holds_no_graph_and_no_array(self) -> None:
        gc.collect()
        gc.disable()
        try:
            plans = PlanCache()
            x = leaf()
            y = total(op("exp", x))
            assert y.node is not None
            gone = [weakref.ref(o) for o in (x, y, x.leaf)]
            node = y.node.inputs[0].node
            plan, _ = plans.plan_for(select([y, *gradient_of(y, x)], set()))
            del x, y, node
            assert [ref() for ref in gone] == [None, None, None]
            assert plan.steps
        finally:
            gc.enable()

    def test_threads_share_it(self) -> None:
        plans = PlanCache(entries=3)
        barrier = threading.Barrier(4)
        failures: list[Exception] = []

        def work() -> None:
            barrier.wait(30)
            try:
                for k in range(50):
                    plan, _ = plans.plan_for(select([op(("sin", "cos", "exp", "neg")[k % 4], leaf())], set()))
                    assert ops(plan) == [("sin", "cos", "exp", "neg")[k % 4]]
            except Exception as error:  # noqa: BLE001 - told to the main thread
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert plans.hits + plans.misses == 200
