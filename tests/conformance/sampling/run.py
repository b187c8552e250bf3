"""Draws calls of every operator, makes them in both modules, and says where the two disagree."""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import resource
import tomllib
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import hypothesis
import numpy as np
import torch
from hypothesis import HealthCheck, Phase

import telegrad as tg
from telegrad.making.creation import fetch_together, from_array
from tests.conformance.sampling.comparison import Call, Side, difference, run, run_torch, tensors_in
from tests.conformance.sampling.givens import Array, givens_in
from tests.conformance.sampling.operators import RANDOM, Operator, operators
from tests.conformance.sampling.sources import calls, sources

PROCESSES: Final = 2

#: What a difference is, by what it says: the first that fits.
NATURES: Final = (
    (
        "telegrad computes where PyTorch has no kernel or no derivative",
        re.compile(
            "^answers, torch (NotImplementedError|RuntimeError): .*(not implemented|MKL FFT|Low precision|"
            "not differentiable|automatic differentiation|Autograd not support|not support complex)",
            re.DOTALL,
        ),
    ),
    ("telegrad answers what PyTorch refuses", re.compile("^answers, torch ")),
    ("both refuse, each for another reason", re.compile(r"^raises .*, torch \w+: ", re.DOTALL)),
    ("telegrad refuses what PyTorch computes", re.compile("^(looking )?raises ")),
    ("another value, type or index", re.compile("")),
)
ALLOWED: Final = Path(__file__).with_name("allowed.toml")


@dataclass(slots=True)
class Count:
    """What came of one operator.

    Attributes:
        operator: its name.
        compared: distinct calls that were compared.
        raised: those of them that raise in PyTorch.
        allowed: disagreements of an allowed class, by class.
        natures: the same disagreements, by what they are.
        found: the disagreements: call and what differs.
    """

    operator: str
    compared: int = 0
    raised: int = 0
    allowed: dict[str, int] = field(default_factory=dict)
    natures: dict[str, int] = field(default_factory=dict)
    found: list[tuple[str, str]] = field(default_factory=list)


def drawn(operator: Operator, count: int, seed: int) -> list[Call]:
    """So many distinct calls of the operator, or as many as there are."""
    found: dict[Any, Call] = {}

    def collect(call: Call | None) -> None:
        if call is not None and len(found) < count:
            found.setdefault(call.key(), call)

    for turn in range(4):
        if len(found) >= count:
            break
        settings = hypothesis.settings(
            max_examples=max(12, int(1.3 * (count - len(found)))),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        hypothesis.seed(seed * 1000 + turn)(settings(hypothesis.given(calls(operator))(collect)))()
    return list(found.values())


def _mine(numbers: Array) -> Any:
    return from_array(np.array(numbers, copy=True, order="C"))


def _looked_at(side: Side) -> list[Any]:
    found = (
        tensors_in(side.result, tg.Tensor) + side.tensors + [g for g in side.gradients or () if g is not None]
    )
    return [t.detach() for t in found]


def compare(operator: Operator, made: Sequence[Call]) -> Count:
    """The calls in both modules; telegrad's together, in one message."""
    count = Count(operator.name)
    numbers = not RANDOM & {operator.name, operator.bare}
    sides: list[Side] = []
    try:
        sides = [run(call, tg, tg.Tensor, _mine) for call in made]
        fetch_together([t for side in sides if side.error is None for t in _looked_at(side)])
    except Exception:  # noqa: BLE001  # which call it was is found out one by one
        # What cannot be computed must be held by nobody: a later backward pass would ask for it again.
        sides.clear()
    for place, call in enumerate(made):
        mine = sides[place] if sides else _alone(call)
        theirs = run_torch(call)
        count.compared += 1
        count.raised += theirs.error is not None
        try:
            found = difference(call, mine, theirs, tg.Tensor, numbers=numbers)
        except Exception as error:  # noqa: BLE001
            found = f"looking raises {type(error).__name__}: {error}"
        if not found:
            continue
        empty = any(not g.numbers.size for g in givens_in((call.args, call.kwargs)))
        reason = allowed(operator.name, found, repr(call), empty=empty)
        if reason is None:
            count.found.append((repr(call), found))
        else:
            count.allowed[reason] = count.allowed.get(reason, 0) + 1
            nature = nature_of(found)
            count.natures[nature] = count.natures.get(nature, 0) + 1
    return count


def nature_of(found: str) -> str:
    """What a difference is: more than PyTorch, another refusal, another value."""
    return next(nature for nature, words in NATURES if words.search(found))


def _alone(call: Call) -> Side:
    """A call in telegrad, in messages of its own."""
    with contextlib.suppress(Exception):
        tg.synchronize()  # what still waits of calls before
    side = run(call, tg, tg.Tensor, _mine)
    if side.error is None:
        try:
            fetch_together(_looked_at(side))
        except Exception as error:  # noqa: BLE001  # what it raises is what is compared
            return Side(error=error.with_traceback(None))
    return side


@dataclass(frozen=True, slots=True)
class Rule:
    operator: re.Pattern[str]
    difference: re.Pattern[str]
    call: re.Pattern[str]
    reason: str
    empty: bool


_rules: list[Rule] | None = None


def rules() -> Sequence[Rule]:
    """The allowed classes of disagreement."""
    global _rules
    if _rules is None:
        table = tomllib.loads(ALLOWED.read_text(encoding="utf-8")) if ALLOWED.exists() else {}
        _rules = [
            Rule(
                re.compile(entry.get("operator", "")),
                re.compile(entry["difference"], re.DOTALL),
                re.compile(entry.get("call", "")),
                entry["reason"],
                entry.get("empty", False),
            )
            for entry in table.get("allowed", [])
        ]
    return _rules


def allowed(operator: str, found: str, call: str, *, empty: bool = False) -> str | None:
    """The reason why a disagreement is allowed, or nothing."""
    for rule in rules():
        fits = rule.operator.search(operator) and rule.difference.search(found) and rule.call.search(call)
        if fits and (empty or not rule.empty):
            return rule.reason
    return None


#: Of a process: a call that asks for more raises, and does not take the machine along.
MEMORY_BYTES: Final = 8 << 30


def _prepare() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    tg.connect("embedded", progress=False)


def _count(task: tuple[str, int, int]) -> Count:
    name, count, seed = task
    operator = operators()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compare(operator, drawn(operator, count, seed))


def counts(*, per_operator: int, seed: int, pattern: str = "", processes: int = PROCESSES) -> Iterator[Count]:
    """What comes of every operator that matches."""
    tasks = [
        (name, per_operator, seed)
        for name, op in operators().items()
        if re.search(pattern, name) and sources(op)
    ]
    if processes == 1:
        _prepare()
        yield from map(_count, tasks)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _prepare) as pool:
        yield from pool.map(_count, tasks)
