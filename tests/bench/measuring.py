"""Measures side by side: peers take turns in one run, so that what slows the machine slows all of them."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took, over its repetitions.

    Attributes:
        median_s: the middle one.
        best_s: the shortest.
        worst_s: the longest.
        repetitions: how many.
    """

    median_s: float
    best_s: float
    worst_s: float
    repetitions: int


def side_by_side(
    contenders: Mapping[str, Callable[[], Any]],
    *,
    repetitions: int = 30,
    warm_up: int = 5,
    turn: int = 1,
    clock: Callable[[], int] = perf_counter_ns,
) -> dict[str, Timing]:
    """Each contender's times; they run in turns, round by round.

    Args:
        contenders: name and what to time.
        repetitions: rounds that count.
        warm_up: rounds before them that do not.
        turn: how often each runs before the next has its turn; what is measured warm needs many.
        clock: nanoseconds; those of the thread, where only its own work counts.
    """
    taken: dict[str, list[int]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for round_ in range(warm_up + repetitions):
            for name, run in contenders.items():
                for _ in range(turn):
                    started = clock()
                    run()
                    if round_ >= warm_up:
                        taken[name].append(clock() - started)
    finally:
        gc.enable()
    return {
        name: Timing(statistics.median(times) / 1e9, min(times) / 1e9, max(times) / 1e9, len(times))
        for name, times in taken.items()
    }


def seconds(value: float) -> str:
    """A time with its unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def mebibytes(value: float) -> str:
    """A size in MiB."""
    return f"{value / 2**20:.1f} MiB"


def heading(title: str) -> None:
    """Prints the title of a group of measurements."""
    print(f"\n\n{title}\n{'-' * len(title)}")


def report(
    what: str, mine: tuple[str, float], peer: tuple[str, float], form: Callable[[float], str]
) -> float:
    """Prints a line with both figures; their ratio, ours to the peer's."""
    ratio = mine[1] / peer[1]
    figures = f"{mine[0]} {form(mine[1]):>9}   {peer[0]} {form(peer[1]):>9}"
    print(f"{what:32} {figures}   ratio {ratio:6.2f}", flush=True)
    return ratio
