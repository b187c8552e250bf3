"""How a measurement is taken and told: alternating with its peer in one run, as medians and their ratio."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """The times of one contender.

    Attributes:
        median_s: of all calls.
        p10_s: a tenth of the calls were faster; what the machine can do when nothing disturbs it.
    """

    median_s: float
    p10_s: float


def measure(
    contenders: Mapping[str, Callable[[], object]], *, rounds: int, calls: int, warm_up: int
) -> dict[str, Measured]:
    """Times every contender in turns, so that a slow moment of the machine meets them all.

    Args:
        contenders: what to call, by name.
        rounds: how many turns each gets.
        calls: how many calls a turn has.
        warm_up: calls before the first that counts.
    """
    for call in contenders.values():
        for _ in range(warm_up):
            call()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            gc.collect()
            for _ in range(calls):
                started = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - started)
    return {
        name: Measured(statistics.median(found), statistics.quantiles(found, n=10)[0])
        for name, found in times.items()
    }


def report(title: str, found: Mapping[str, Measured], *, peer: str, bound: float | None = None) -> None:
    """Prints each contender's times and its ratio to the peer's."""
    print(f"\n{title}")
    base = found[peer].median_s
    for name, measured in found.items():
        ratio = "" if name == peer else f"  {measured.median_s / base:6.2f} x {peer}"
        goal = "" if bound is None or name == peer else f"  (goal: at most {bound:g})"
        print(
            f"  {name:34} median {1e6 * measured.median_s:9.1f} us"
            f"  p10 {1e6 * measured.p10_s:9.1f} us{ratio}{goal}"
        )
