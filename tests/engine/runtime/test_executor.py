"""Steps one by one, and what becomes of their failures."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.plan.compiler import Plan, Step
from telegrad_engine.runtime.backend import backend
from telegrad_engine.runtime.executor import Interrupt, run
from telegrad_proto import dtypes, errors
from telegrad_proto.ir import Buffer, Ledger, Value, apply_op
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec

CPU = backend()
X = Value(Spec((2,), dtypes.float32), leaf=Buffer(np.float32([1, 2]), 8, Ledger()))  # type: ignore[arg-type]
X.id = 7


def step(
    run_: Callable[..., Any],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    free: tuple[int, ...] = (),
    origin: int = -1,
) -> Step:
    return Step("test", run_, inputs, outputs, free, origin)


def plan(slots: int, *steps: Step) -> Plan:
    return Plan(slots, ((0, 0),), steps, (), (), 0)


def fail(error: BaseException) -> Callable[..., Any]:
    def kernel(*_: object) -> None:
        raise error

    return kernel


def test_steps_pass_arrays_on_and_drop_them() -> None:
    seen = []

    def double(xp: Any, x: Any) -> Any:
        seen.append(xp)
        return 2 * x

    def both(xp: Any, x: Any, y: Any) -> Any:
        return x + y, x - y

    slots = run(
        plan(4, step(double, (0,), (1,)), step(both, (1, 0), (2, 3), free=(0, 1, 3))), [X], CPU, Interrupt()
    )
    assert seen == [np]
    assert [s if s is None else s.tolist() for s in slots] == [None, None, [3, 6], None]


def test_an_array_is_gone_before_the_step_after_its_last_use() -> None:
    alive: list[object] = []

    def make(xp: Any, x: Any) -> Any:
        array = x + 1
        alive.append(weakref.ref(array))
        return array

    def look(xp: Any, x: Any) -> Any:
        alive.append(alive[0]() is None)  # type: ignore[operator]
        return x

    gc.disable()
    try:
        run(
            plan(4, step(make, (0,), (1,)), step(make, (1,), (2,), free=(1,)), step(look, (2,), (3,))),
            [X],
            CPU,
            Interrupt(),
        )
    finally:
        gc.enable()
    assert alive[2] is True


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (
            MemoryError("7 GiB"),
            errors.OutOfMemoryError,
            "test: the device's memory does not hold the result: 7 GiB",
        ),
        (np.linalg.LinAlgError("Singular matrix"), errors.LinAlgError, "test: Singular matrix"),
        (ZeroDivisionError("x"), errors.InternalError, "test: ZeroDivisionError: x"),
        (RecursionError("deep"), errors.InternalError, "test: RecursionError: deep"),
    ],
)
def test_failures_are_typed_and_located(
    raised: Exception, kind: type[errors.TelegradError], text: str
) -> None:
    with pytest.raises(kind, match=text) as failed:
        run(plan(2, step(fail(raised), (0,), (1,), origin=0)), [X], CPU, Interrupt())
    assert failed.value.details == {"op": "test", "node": 7}
    assert failed.value.__cause__ is raised


def test_a_kernels_own_error_keeps_its_details() -> None:
    node = apply_op(OPSET["neg"], [X], ())
    node.origin = 12
    error = errors.IndexRangeError("index 5 is out of bounds", index=5)
    with pytest.raises(errors.IndexRangeError) as failed:
        run(plan(2, step(fail(error), (0,), (1,), origin=1)), [X, node.output()], CPU, Interrupt())
    assert failed.value is error
    assert error.details == {"index": 5, "op": "test", "node": 12}
    assert error.__cause__ is None


def test_where_the_origin_is_unknown_the_operator_is_told() -> None:
    with pytest.raises(errors.InternalError) as failed:
        run(plan(2, step(fail(KeyError()), (0,), (1,))), [X], CPU, Interrupt())
    assert failed.value.details == {"op": "test"}


def test_a_keyboard_interrupt_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(plan(2, step(fail(KeyboardInterrupt()), (0,), (1,))), [X], CPU, Interrupt())


def test_cancel_is_looked_at_between_steps() -> None:
    interrupt = Interrupt()
    ran = []

    def kernel(xp: Any, x: Any) -> Any:
        ran.append(x)
        interrupt.cancel()
        return x

    with pytest.raises(errors.CancelledError, match="can be asked again"):
        run(plan(3, step(kernel, (0,), (1,)), step(kernel, (1,), (2,))), [X], CPU, interrupt)
    assert len(ran) == 1


def test_the_time_is_looked_at_between_steps() -> None:
    interrupt = Interrupt(0.001)

    def kernel(xp: Any, x: Any) -> Any:
        while time.monotonic() <= interrupt._deadline:  # type: ignore[operator]
            pass
        return x

    with pytest.raises(errors.DeadlineError, match=r"within 0\.001 s"):
        run(plan(3, step(kernel, (0,), (1,)), step(kernel, (1,), (2,))), [X], CPU, interrupt)


def test_no_time_is_no_bound() -> None:
    interrupt = Interrupt(0)
    interrupt.check()
    assert interrupt._deadline is None


def test_floating_point_trouble_is_silent() -> None:
    slots = run(plan(2, step(lambda xp, x: xp.log(x - 2), (0,), (1,))), [X], CPU, Interrupt())
    assert np.isnan(slots[1][0])
    assert np.isneginf(slots[1][1])
