"""Memory of a chain of operators: without gradient only what is alive, with gradient at most O(n)."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

import telegrad as tg
from tests.bench.measuring import heading, mebibytes

LENGTH = 100
SIZE = 1 << 17  # a mebibyte of float64


def chain(requires_grad: bool) -> object:
    """The end of a chain of operators whose derivative reads a large array each; computed."""
    x = tg.linspace(0.0, 1.0, SIZE, dtype=tg.float64, requires_grad=requires_grad)
    y = x
    for _ in range(LENGTH):
        y = tg.sin(y)
    y.sum().item()
    return y


def peak_and_held(run: Callable[[], object]) -> tuple[int, int]:
    """The most memory held at any time, and what is held after it, as NumPy's allocations tell."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = run()
        held, peak = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return peak, held


@pytest.mark.timeout(300)
def bench_memory_of_a_chain() -> None:
    one = SIZE * 8
    heading(f"memory of a chain of {LENGTH} sines over {mebibytes(one)}")
    for requires_grad in (False, True):
        tg.connect("embedded")
        peak, held = peak_and_held(lambda wanted=requires_grad: chain(wanted))  # type: ignore[misc]
        tg.disconnect()
        name = "with gradient" if requires_grad else "without gradient"
        print(
            f"{name:20} peak {mebibytes(peak):>10} ({peak / one:6.1f} arrays), "
            f"held {mebibytes(held):>10} ({held / one:6.1f} arrays)"
        )
        assert peak < (LENGTH + 8 if requires_grad else 8) * one
