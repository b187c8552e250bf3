"""Random calls of every operator agree with PyTorch: value, shape, type, gradients, and what is raised.

`TELEGRAD_SAMPLING_SEED` draws others. The calls that came out another way are printed as they were made.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import telegrad as tg

torch = pytest.importorskip("torch")

from tests.conformance.sampling.comparison import Call, difference, run, run_torch  # noqa: E402  # needs torch
from tests.conformance.sampling.givens import DTYPES, LAYOUTS, Given, as_torch, numbers_of  # noqa: E402
from tests.conformance.sampling.operators import NOT_OPERATORS, operators  # noqa: E402
from tests.conformance.sampling.run import Count, compare, counts, drawn, nature_of, rules  # noqa: E402
from tests.conformance.sampling.sources import sources  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

SEED: Final = int(os.environ.get("TELEGRAD_SAMPLING_SEED", "0"))

#: So many calls are compared, all of them different, and about as many of each operator.
CALLS: Final = 20_000
EACH: Final = 30


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_random_calls_of_every_operator_agree(capsys: pytest.CaptureFixture[str]) -> None:
    found = list(counts(per_operator=EACH, seed=SEED))
    allowed: Counter[str] = Counter()
    natures: Counter[str] = Counter()
    for count in found:
        allowed.update(count.allowed)
        natures.update(count.natures)
    lines = [f"{c.operator} {c.compared}" for c in found]
    print(*lines, sep=", ")
    with capsys.disabled():
        print(
            f"\n{_summary(found)}, {sum(allowed.values())} differ in {len(allowed)} allowed ways, "
            f"seed {SEED}",
            *(f"  {times}: {nature}" for nature, times in natures.most_common()),
            sep="\n",
        )
    different = [f"{call}\n    {what}" for count in found for call, what in count.found]
    assert not different, "\n".join(different)
    assert sum(count.compared for count in found) >= CALLS
    assert {count.operator for count in found if count.compared} == set(operators())


def _summary(found: Sequence[Count]) -> str:
    calls, raised = sum(c.compared for c in found), sum(c.raised for c in found)
    return f"{len(found)} operators, {calls} different calls, of which {raised} raise in PyTorch"


def test_every_operator_has_a_source_of_arguments() -> None:
    every = operators()
    assert len(every) > 650
    assert not [name for name, operator in every.items() if not sources(operator)]
    assert not set(every) & NOT_OPERATORS


def test_the_same_seed_draws_the_same_calls() -> None:
    operator = operators()["add"]
    first, second, other = ([call.key() for call in drawn(operator, 6, seed)] for seed in (5, 5, 6))
    assert first == second
    assert first != other
    assert len(set(first)) == len(first) == 6


def test_what_else_the_process_has_loaded_changes_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Processes share the operators out as they get free, and load telegrad's modules as they need them.
    operator = operators()["is_signed"]
    first = [call.key() for call in drawn(operator, 150, 5)]
    many = ", ".join(str(number) for number in range(1_000, 100_000, 997))
    (tmp_path / "loaded_later.py").write_text(f"FOUND = ({many})\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "loaded_later", importlib.import_module("loaded_later"))
    assert [call.key() for call in drawn(operator, 150, 5)] == first


def test_layouts_are_the_same_numbers() -> None:
    numbers = numbers_of(np.random.default_rng(1), "float32", (2, 3))
    for layout in LAYOUTS:
        given = Given(numbers).laid_out(layout)
        mine, _ = given.make(tg, tg.tensor)
        theirs, _ = given.make(torch, as_torch)
        assert mine.tolist() == theirs.tolist() == given.numbers.tolist()
        assert mine.stride() == theirs.stride()
    assert all(numbers_of(np.random.default_rng(1), d, (3,), mode="special").dtype == d for d in DTYPES)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("sin", lambda x: x.cos(), "output 0: "),
        ("sin", lambda x: x.sin().double(), "output 0: dtype float64, torch float32"),
        ("sin", lambda x: x.sin()[None], "output 0: shape"),
        ("sin", lambda x: x.sin().detach(), "output 0: requires_grad False, torch True"),
        ("sin", lambda x: (x.sin(), x), "result "),
        ("sin", lambda x: x.sin() + (x - x.detach()), "gradient 0: "),
        ("sin", lambda x: x.nothing(), "raises AttributeError"),
    ],
)
def test_what_differs_is_seen(name: str, change: Any, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Given(np.array([0.5, 1.5], np.float32), "plain", True)
    call = Call(name, "function", name, (given,))
    theirs = run_torch(call)
    assert difference(call, run(call, tg, tg.Tensor, tg.tensor), theirs, tg.Tensor) == ""
    monkeypatch.setattr(tg, name, change)
    mine = run(call, tg, tg.Tensor, tg.tensor)
    assert words in difference(call, mine, theirs, tg.Tensor)


def test_what_is_raised_is_compared() -> None:
    call = Call("sum", "function", "sum", (Given(np.zeros(3)), 7))
    count = compare(operators()["sum"], [call])
    assert (count.compared, count.raised, count.found) == (1, 1, [])
    theirs = run_torch(call)
    mine = run(Call("sum", "function", "sum", (Given(np.zeros(3)),)), tg, tg.Tensor, tg.tensor)
    assert difference(call, mine, theirs, tg.Tensor).startswith(
        "answers, torch IndexError: Dimension out of range"
    )


@pytest.mark.parametrize(
    ("found", "nature"),
    [
        ("answers, torch NotImplementedError: \"add_stub\" not implemented for 'Half'", "no kernel"),
        ("answers, torch RuntimeError: derivative for aten::x is not implemented", "no derivative"),
        ("answers, torch TypeError: must be int", "answers what PyTorch refuses"),
        ("raises ShapeError: a, torch IndexError: b", "both refuse"),
        ("raises ShapeError: a", "refuses what PyTorch computes"),
        ("output 0: [1], torch [2]", "another value"),
    ],
)
def test_differences_are_counted_by_what_they_are(found: str, nature: str) -> None:
    assert nature in nature_of(found)


def test_allowed_ways_to_differ_have_reasons() -> None:
    assert len(rules()) < 65
    assert all(len(rule.reason) > 20 for rule in rules())
