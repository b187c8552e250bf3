"""What an operator costs when it is written down: the bound is 6 µs an operator over 1,000."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time_ns
from typing import Any

import telegrad as tg
from telegrad.recording import recorder as recording
from tests.bench.measuring import heading, report, seconds, side_by_side

OPERATORS = 1000
BOUND_S = 6e-6


def chain(step: Callable[[Any], Any], *, requires_grad: bool) -> Callable[[], None]:
    """Records 1,000 operators one after the other, and forgets them."""
    x = tg.ones(4, 4, requires_grad=requires_grad)
    session = tg.current_session()

    def run() -> None:
        y = x
        for _ in range(OPERATORS):
            y = step(y)

    def forgetting() -> None:
        run()
        session._take()

    session.flush("flush")
    return forgetting


def bench_recording() -> None:
    tg.connect("embedded", progress=False)
    limit = recording.PENDING_LIMIT
    setattr(recording, "PENDING_LIMIT", 10 * OPERATORS)  # noqa: B010 - a constant for all but this bench
    other = tg.ones(4, 4)
    steps: dict[str, Callable[[Any], Any]] = {
        "tensor * tensor": lambda y: y * other,
        "tensor + number": lambda y: y + 1.0,
        "tensor.sin()": lambda y: y.sin(),
        "tensor.sum(0, keepdim)": lambda y: y.sum(0, keepdim=True),
        "mul(tensor, tensor)": lambda y: tg.mul(y, other),
        "add(tensor, tensor)": lambda y: tg.add(y, other),
        "matmul(tensor, tensor)": lambda y: tg.matmul(y, other),
    }
    try:
        contenders = {
            f"{name}{', with gradient' if grad else ''}": chain(step, requires_grad=grad)
            for name, step in steps.items()
            for grad in (False, True)
        }
        # Nothing is waited for, so what the thread itself took is the cost, whoever else wants the processor.
        times = side_by_side(contenders, repetitions=15, clock=thread_time_ns)
    finally:
        setattr(recording, "PENDING_LIMIT", limit)  # noqa: B010
        tg.disconnect()
    heading(f"recording, an operator, over {OPERATORS:,}")
    for name, timing in times.items():
        best = timing.best_s / OPERATORS
        ratio = report(name, ("median", timing.median_s / OPERATORS), ("bound", BOUND_S), seconds)
        report(name, ("best", best), ("bound", BOUND_S), seconds)
        assert ratio < 10, "an order of magnitude over the bound is no noise"
