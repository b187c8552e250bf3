"""The conformance suite itself: what it counts, that it sees differences, and how gaps are kept."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tests.conformance import gaps  # noqa: E402  # needs torch
from tests.conformance.run import scores, summary  # noqa: E402
from tests.conformance.scoring import MODES, Mode, Score  # noqa: E402
from tests.conformance.selection import entry_of, find, variants  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # PyTorch's samples warn as they like


def test_counts_the_public_differentiable_deterministic_variants() -> None:
    names = [v.formatted_name for v in variants()]
    assert len(names) == len(set(names)) == 454
    assert {"add", "matmul", "linalg_svd", "__rsub__", "nn_functional_conv2d"} <= set(names)
    assert not {"nn_functional_dropout", "_softmax_backward_data", "bernoulli", "squeeze_copy"} & set(names)


@pytest.mark.parametrize("mode", ["grad", "gradgrad"])
def test_torch_agrees_with_itself(mode: Mode) -> None:
    found = list(scores(mode, module="torch", pattern="^(add|__getitem__|linalg_qr|index_put)$", processes=1))
    assert [s.state for s in found] == ["passed"] * 4
    assert all(s.samples > 0 for s in found)


def wrong_torch(**changes: Any) -> ModuleType:
    """PyTorch with some of its functions replaced."""
    module = ModuleType("wrong_torch")
    module.__dict__.update(vars(torch))
    module.__dict__.update(changes)
    return module


class WrongGradient(torch.autograd.Function):  # type: ignore[name-defined]
    """The sine, with the derivative of another function."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, ct: Any) -> Any:
        (x,) = ctx.saved_tensors
        return ct * torch.cos(x) * 1.001


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda x: torch.sin(x) + 1e-4, "output 0"),
        (lambda x: torch.sin(x).float(), "dtype float32, torch float64"),
        (lambda x: torch.sin(x)[None], "shape"),
        (lambda x: (torch.sin(x), torch.sin(x)), "2 outputs, torch 1"),
        (lambda x: torch.sin(x).detach(), "requires_grad False, torch True"),
        (WrongGradient.apply, "gradient of input 0"),
    ],
)
def test_the_suite_sees_what_it_looks_for(
    change: Any, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wrong_torch", wrong_torch(sin=change))
    [result] = scores("grad", module="wrong_torch", pattern="^sin$", processes=1)
    assert result.state == "failed"
    assert complaint in result.failure


def test_what_a_module_lacks_is_missing() -> None:
    module = ModuleType("empty")
    module.__dict__["Tensor"] = SimpleNamespace(real=property(lambda _: 1), abs=abs)
    assert find(module, "linalg.svd") is None
    assert find(module, "sin") is None
    absolute, real = find(module, "abs"), find(module, "real")
    assert absolute is not None
    assert absolute(torch.tensor(-2.0)) == 2.0
    assert real is not None
    assert real(torch.tensor(3.0)) == 3.0


SCORES = [
    Score("add", 3, 3),
    Score("sub", 3, 2, failure='sample 1: ValueError: a "quoted" \\ back\tslash'),
    Score("svd", 2, 0, found=False),
]


ZERO = gaps.Gap("in place", "GradientError: a leaf", 0, entry=True)


def test_gaps_are_kept_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "gaps.toml"
    gaps.write({"grad": gaps.gaps_of(SCORES)}, file)
    gaps.write({"gradgrad": {"zero_": ZERO}}, file)
    assert gaps.read("grad", file) == {
        "sub": gaps.Gap(SCORES[1].failure, 'ValueError: a "quoted" \\\\ back slash', 2),
        "svd": gaps.Gap("missing", "missing"),
    }
    assert gaps.read("gradgrad", file) == {"zero_": ZERO}
    assert not gaps.drift(SCORES, gaps.read("grad", file)), "what was written down is known"


def test_reasons_written_by_people_stay(tmp_path: Path) -> None:
    file = tmp_path / "gaps.toml"
    before = {
        "sub": gaps.Gap("it subtracts otherwise", "old", 7, entry=True),
        "svd": gaps.Gap("sample 3: old", "old"),
        "add": gaps.Gap("closed by now", "old"),
    }
    gaps.write({"grad": before}, file)
    gaps.write({"grad": gaps.gaps_of(SCORES)}, file)
    found = gaps.read("grad", file)
    assert list(found) == ["sub", "svd"]
    assert (found["sub"].reason, found["sub"].passed, found["sub"].entry) == (
        "it subtracts otherwise",
        2,
        True,
    )
    assert found["svd"].reason == "missing"


KNOWN = {"sub": gaps.Gap("reason", "ValueError: a", 2), "svd": gaps.Gap("missing", "missing")}


def test_no_drift_from_the_same_gaps() -> None:
    assert not gaps.drift(SCORES, KNOWN)


def test_drift_names_what_broke_what_closed_and_what_is_unknown() -> None:
    known = {"add": ZERO, "svd": KNOWN["svd"], "none": ZERO}
    drift = gaps.drift(SCORES, known)
    assert list(drift.broken) == ["sub"]
    assert drift.closed == ("add",)
    assert drift.unknown == ("none",)
    assert len(drift.lines()) == 3
    assert not gaps.drift(SCORES, {**KNOWN, "none": ZERO}, whole=False)


def test_a_gap_that_fails_in_another_way_is_drift() -> None:
    other = gaps.drift(SCORES, {**KNOWN, "sub": gaps.Gap("reason", "TypeError: a", 2)})
    assert "should say 'TypeError: a'" in other.changed["sub"]
    fewer = {**KNOWN, "sub": gaps.Gap("reason", "ValueError: a", 1)}
    assert "1 of 3 samples should pass, 2 do" in gaps.drift(SCORES, fewer).changed["sub"]
    assert not gaps.drift(SCORES, fewer, exact=False), "other seeds have other samples"
    entry = Score("svd", 2, 1, failure="sample 0: ValueError: no")
    assert "PyTorch's entry: sample 0" in gaps.drift(SCORES, KNOWN, entries=[entry]).changed["svd"]


def test_entries_are_pytorchs_functions_around_an_operator() -> None:
    [zero] = [v for v in variants() if v.formatted_name == "zero_"]
    module = ModuleType("other")
    module.__dict__["zero_"] = lambda x: f"zeros like {x}"
    entry = entry_of(zero, module)
    assert entry is not None
    assert entry(SimpleNamespace(clone=lambda: "x")) == "zeros like x"
    [add] = [v for v in variants() if v.formatted_name == "add"]
    assert entry_of(add, module) is None
    [result] = scores("grad", module="torch", entries=["zero_"], processes=1)
    assert result.state == "passed"


def test_summary_counts_variants_and_samples() -> None:
    assert summary(SCORES, "grad", 12.4) == (
        "operators passed 1 of 3 (failed 1, missing 1); samples passed 5 of 8; mode grad, 12 s"
    )


def test_the_committed_gaps_are_well_formed() -> None:
    table = tomllib.loads(gaps.FILE.read_text(encoding="utf-8"))
    names = {v.formatted_name for v in variants()}
    assert set(table) == {"grad", "gradgrad"}
    assert all(set(table[mode]) <= names for mode in table)
    for mode in MODES:
        for name, gap in gaps.read(mode).items():
            assert not gap.reason.startswith("sample "), f"{name}: a person writes the reason"
            re.compile(gap.error)
