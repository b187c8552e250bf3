"""Runs the suite in two processes and counts."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import ModuleType
from typing import Final

import torch

from tests.conformance.scoring import Mode, Score, score
from tests.conformance.selection import variants

#: The machines this runs on have two cores, and PyTorch's part takes one thread.
PROCESSES: Final = 2

_module: ModuleType | None = None


#: What one process does at a time: variant, mode, seed, and whether it is called as in PyTorch's table.
Task = tuple[str, Mode, int, bool]


def _prepare(module: str, address: str) -> None:
    """Makes a new process ready: which module is under test, one thread, no warnings about the samples."""
    global _module
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    _module = importlib.import_module(module)
    if module == "telegrad":
        _module.connect(address, progress=False)


def _score(task: Task) -> Score:
    name, mode, seed, entry = task
    assert _module is not None
    [variant] = [v for v in variants() if v.formatted_name == name]
    return score(variant, _module, mode, seed=seed, entry=entry)


def scores(
    mode: Mode,
    *,
    module: str = "telegrad",
    pattern: str = "",
    processes: int = PROCESSES,
    seed: int = 0,
    address: str = "embedded",
    entries: Sequence[str] = (),
) -> Iterator[Score]:
    """Every matching variant's score, as they come in, in PyTorch's order.

    Args:
        mode: first order or second order.
        module: the module under test.
        pattern: a regular expression over the variants' names.
        processes: how many work at it; 1 works in this process.
        seed: of PyTorch's samples.
        address: where telegrad computes.
        entries: score these instead, and call them as PyTorch's table does.
    """
    names = entries or [v.formatted_name for v in variants(pattern)]
    tasks: list[Task] = [(name, mode, seed, bool(entries)) for name in names]
    if processes == 1:
        _prepare(module, address)
        yield from map(_score, tasks)
        return
    # Spawned, not forked: gRPC's and OpenMP's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _prepare, (module, address)) as pool:
        yield from pool.map(_score, tasks)


def summary(found: Sequence[Score], mode: Mode, seconds: float) -> str:
    """The line that sums a run up."""
    states = Counter(s.state for s in found)
    return (
        f"operators passed {states['passed']} of {len(found)} "
        f"(failed {states['failed']}, missing {states['missing']}); "
        f"samples passed {sum(s.passed for s in found)} of {sum(s.samples for s in found)}; "
        f"mode {mode}, {seconds:.0f} s"
    )


def collect(
    mode: Mode, *, module: str, pattern: str, processes: int, seed: int = 0, address: str = "embedded"
) -> tuple[list[Score], float]:
    """All scores and the seconds they took; tells a terminal how far it is."""
    started, found = time.monotonic(), []
    total = sum(1 for _ in variants(pattern))
    for result in scores(
        mode, module=module, pattern=pattern, processes=processes, seed=seed, address=address
    ):
        found.append(result)
        if sys.stderr.isatty():
            print(f"\r{mode}: {len(found)}/{total} ", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return found, time.monotonic() - started
