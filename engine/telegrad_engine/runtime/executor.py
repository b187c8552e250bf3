"""Runs a plan, step by step, on the array module of its backend (tier 0)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
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


class Interrupt:
    """Asks a running plan to stop; looked at between two steps.

    Args:
        timeout_s: after so many seconds by itself; 0: never.
    """

    __slots__ = ("_deadline", "_event", "timeout_s")

    def __init__(self, timeout_s: float = 0.0) -> None:
        self._event = threading.Event()
        self.timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s if timeout_s else None

    def cancel(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Return, or stop the evaluation.

        Raises:
            CancelledError: it was asked for.
            DeadlineError: the time is over.
        """
        if self._event.is_set():
            raise CancelledError("the evaluation was cancelled; what was asked for can be asked again")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise DeadlineError(f"the evaluation did not finish within {self.timeout_s:g} s")


class StepError(Exception):
    """A step failed: which, and with what."""

    def __init__(self, step: Step | None, error: TelegradError) -> None:
        super().__init__(error.message)
        self.step = step
        self.error = error


def run(plan: Plan, arrays: Sequence[Any], backend: Backend, interrupt: Interrupt) -> list[Any]:
    """The slots after the last step: those that the plan keeps hold their arrays, the others None.

    Args:
        plan: what to do.
        arrays: the arrays of `plan.loads`, in its order.
        backend: where.
        interrupt: how to stop.

    Raises:
        StepError: a kernel failed, or the evaluation was stopped. Nothing was changed.
    """
    slots: list[Any] = [None] * plan.slots
    for (slot, _), array in zip(plan.loads, arrays, strict=True):
        slots[slot] = array
    xp = backend.xp
    step: Step | None = None
    try:
        with backend.quiet():
            for step in plan.steps:
                interrupt.check()
                result = step.run(xp, *[slots[i] for i in step.inputs])
                if len(step.outputs) == 1:
                    slots[step.outputs[0]] = result
                else:
                    for slot, array in zip(step.outputs, result, strict=True):
                        slots[slot] = array
                result = None
                for slot in step.free:
                    slots[slot] = None
    except TelegradError as error:
        raise StepError(step, error) from error
    except MemoryError as error:
        raise StepError(
            step, OutOfMemoryError(f"{_name(step)}: the device's memory does not hold the result: {error}")
        ) from error
    except np.linalg.LinAlgError as error:
        raise StepError(step, LinAlgError(f"{_name(step)}: {error}")) from error
    except Exception as error:
        raise StepError(step, InternalError(f"{_name(step)}: {type(error).__name__}: {error}")) from error
    return slots


def _name(step: Step | None) -> str:
    return "evaluation" if step is None else step.op
