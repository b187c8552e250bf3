"""Runs a plan, step by step, on the array module of its backend (tier 0)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from telegrad_engine.plan.compiler import Plan, Step
from telegrad_engine.runtime.backend import Backend
from telegrad_proto.errors import (
    CancelledError,
    DeadlineError,
    InternalError,
    LinAlgError,
    OutOfMemoryError,
    TelegradError,
)
from telegrad_proto.ir import Value

#: The values of a selection by number, all or some.
Values = Sequence[Value] | Mapping[int, Value]


class Interrupt:
    """Asks a running plan to stop; looked at between two steps.

    Args:
        timeout_s: after so many seconds by itself; 0: never.

    Attributes:
        checks: how often it was looked at: a plan in which this no longer grows hangs in an operator.
    """

    __slots__ = ("_cancelled", "_deadline", "checks", "timeout_s")

    def __init__(self, timeout_s: float = 0.0) -> None:
        self._cancelled = False
        self.checks = 0
        self.timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s if timeout_s else None

    def cancel(self) -> None:
        """Ask for it; from any thread."""
        self._cancelled = True

    def check(self) -> None:
        """Return, or stop the evaluation.

        Raises:
            CancelledError: it was asked for.
            DeadlineError: the time is over.
        """
        self.checks += 1
        if self._cancelled:
            raise CancelledError("the evaluation was cancelled; what was asked for can be asked again")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise DeadlineError(f"the evaluation did not finish within {self.timeout_s:g} s")


def run(plan: Plan, values: Values, backend: Backend, interrupt: Interrupt) -> list[Any]:
    """The slots after the last step: those that the plan keeps hold their arrays, the others None.

    Args:
        plan: what to do.
        values: the selection's values by number, at least those that the plan loads.
        backend: where.
        interrupt: how to stop.

    Raises:
        TelegradError: a kernel failed, or the evaluation was stopped. Nothing was changed. `details` say
            where: the operator's name (op), and the id of the forward value that it belongs to (node).
    """
    slots: list[Any] = [None] * plan.slots
    for slot, number in plan.loads:
        buffer = values[number].buffer
        assert buffer is not None, "a plan loads what is in memory"
        slots[slot] = buffer.array
    take_steps(plan, slots, backend, interrupt, values)
    return slots


def take_steps(
    plan: Plan, slots: list[Any], backend: Backend, interrupt: Interrupt, values: Values | None = None
) -> None:
    """Fills the slots; what the plan loads is in them already.

    Args:
        plan: what to do.
        slots: one for each of the plan's.
        backend: where.
        interrupt: how to stop.
        values: by number, to tell where an error belongs; None where nobody is told.

    Raises:
        TelegradError: as `run`.
    """
    backend.quietly(_take_steps, plan, slots, backend.xp, interrupt, values)


def _take_steps(plan: Plan, slots: list[Any], xp: Any, interrupt: Interrupt, values: Values | None) -> None:
    step: Step | None = None
    try:
        check = interrupt.check
        for step in plan.steps:
            check()
            inputs = step.inputs
            # The common cases written out: on small arrays, a call costs as much as the arithmetic.
            if len(inputs) == 2:
                result = step.run(xp, slots[inputs[0]], slots[inputs[1]])
            elif len(inputs) == 1:
                result = step.run(xp, slots[inputs[0]])
            else:
                result = step.run(xp, *[slots[i] for i in inputs])
            outputs = step.outputs
            if len(outputs) == 1:
                slots[outputs[0]] = result
            else:
                for slot, array in zip(outputs, result, strict=True):
                    slots[slot] = array
            result = None
            for slot in step.free:
                slots[slot] = None
    # No error may keep a reference to another that refers to it: the frames behind it hold arrays.
    except TelegradError as error:
        error.details.update(_where(step, values))
        raise
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{_name(step)}: the device's memory does not hold the result: {error}", **_where(step, values)
        ) from error
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{_name(step)}: {error}", **_where(step, values)) from error
    except Exception as error:
        raise InternalError(
            f"{_name(step)}: {type(error).__name__}: {error}", **_where(step, values)
        ) from error


def _name(step: Step | None) -> str:
    return "evaluation" if step is None else step.op


def _where(step: Step | None, values: Values | None) -> dict[str, object]:
    if step is None or values is None:
        return {}
    if step.origin < 0 or (isinstance(values, Mapping) and step.origin not in values):
        return {"op": step.op}
    value = values[step.origin]
    return {"op": step.op, "node": value.id if value.node is None else value.node.origin}
