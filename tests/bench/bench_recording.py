"""What writing an operator down costs, over a thousand, beside what NumPy and PyTorch take to compute it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.bench.measuring import heading, report, seconds, side_by_side

OPERATORS = 1000
BOUND_S = 6e-6


@pytest.fixture(autouse=True)
def embedded() -> Iterator[None]:
    tg.connect("embedded")
    yield
    tg.disconnect()


def chain(start: Any, other: Any) -> Callable[[], Any]:
    """A thousand operators, none of them looked at."""

    def run() -> Any:
        y = start
        for _ in range(OPERATORS // 4):
            y = y * other
            y = y + other
            y = y - other
            y = y * start
        return y

    return run


def forgotten(run: Callable[[], Any]) -> Callable[[], Any]:
    """The run, whose pending operators are then thrown away: sending them is no part of recording."""

    def run_and_forget() -> Any:
        recorder = tg.current_session().recorder
        assert not recorder.pending
        y = run()
        recorder.pending.clear()
        return y

    return run_and_forget


@pytest.mark.parametrize("requires_grad", [False, True], ids=["plain", "with gradient"])
def bench_recording(requires_grad: bool) -> None:
    numbers = np.full(4, 0.5, np.float32)
    start, other = tg.tensor(numbers, requires_grad=requires_grad), tg.tensor(numbers)
    (start * other).sum().item()  # both are known to the server now
    contenders = {"telegrad": forgotten(chain(start, other)), "numpy": chain(numbers, numbers.copy())}
    if importlib.util.find_spec("torch"):
        torch = importlib.import_module("torch")
        theirs = torch.tensor(numbers, requires_grad=requires_grad)
        contenders["torch"] = chain(theirs, torch.tensor(numbers))
    times = side_by_side(contenders, repetitions=20, warm_up=3)
    each = {name: timing.median_s / OPERATORS for name, timing in times.items()}
    heading(f"an operator on 4 floats, over {OPERATORS}, {'with' if requires_grad else 'without'} gradient")
    for peer in list(each)[1:]:
        report("recorded / computed", ("telegrad", each["telegrad"]), (peer, each[peer]), seconds)
    best = times["telegrad"].best_s / OPERATORS
    kept = "kept" if each["telegrad"] <= BOUND_S else "MISSED"
    print(f"{'bound':32} at most {seconds(BOUND_S)}: {kept} (best {seconds(best)})")
