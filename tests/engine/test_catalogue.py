"""The files that are written from the operator records."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from telegrad_engine import catalogue
from telegrad_engine.ops.record import RECORDS, OpRecord, Rule, op
from telegrad_engine.ops.registry import load_families
from telegrad_proto.opset import OPSET, Opset, parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nothing_changes_for_others() -> object:
    """Writing the catalogue makes it anew in this process; take the old one back."""
    records, ops = dict(load_families()), dict(OPSET.ops)
    yield
    RECORDS.clear()
    RECORDS.update(records)
    OPSET.ops.clear()
    OPSET.ops.update(ops)


def written(records: dict[str, OpRecord]) -> Opset:
    return parse(catalogue.catalogue_text(records))


def test_the_text_is_the_file() -> None:
    text = catalogue.catalogue_text(load_families())
    assert text == (ROOT / "proto/telegrad_proto/opset.json").read_text("utf-8")
    assert parse(text).digest == OPSET.digest
    assert len(text.splitlines()) == len(RECORDS) + 2  # one operator a line: differences can be read


def test_what_a_derivative_reads_is_found_by_running_it() -> None:
    found = written(load_families()).ops
    assert [(r.inputs, r.outputs) for r in found["mul"].reads if r] == [((1,), ()), ((0,), ())]
    assert [(r.inputs, r.outputs) for r in found["exp"].reads if r] == [((), (0,))]
    assert [(r.inputs, r.outputs) for r in found["add"].reads if r] == [((), ()), ((), ())]
    assert [(r.inputs, r.outputs) for r in found["sort"].reads if r] == [((), (1,))]
    assert found["eq"].reads == (None, None)
    assert found["exp"].vjp_names == ("mul",)
    assert found["add"].vjp_names == ("", "")
    assert found["eq"].vjp_names == (None, None)


def test_the_union_over_all_examples_counts() -> None:
    from telegrad_engine.ops import emit as g
    from telegrad_engine.ops.record import example

    op(
        "now_and_then",
        "x",
        rule=Rule("unary", kinds="f"),
        forward=lambda xp, x: x,
        vjps=(lambda ct, y, x: g.mul(ct, x if x.spec.ndim == 1 else y),),
        examples=(example((2,)), example((2, 3))),
        doc="Reads one or the other.",
    )
    (reads,) = written(RECORDS).ops["now_and_then"].reads
    assert reads is not None
    assert (reads.inputs, reads.outputs) == ((0,), (0,))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["catalogue", *arguments])
    return catalogue.main()


def test_the_command_writes_what_is_stale_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--check", str(tmp_path)) == 1
    assert capsys.readouterr().err.count("not current; run `make gen`") == 3
    assert list(tmp_path.iterdir()) == []
    assert run(monkeypatch, str(tmp_path)) == 0
    assert capsys.readouterr().out.count("wrote") == 3
    for name in ("proto/telegrad_proto/opset.json", "client/telegrad/_primitives.py", "docs/operators.md"):
        assert (tmp_path / name).read_text("utf-8") == (ROOT / name).read_text("utf-8")
    assert run(monkeypatch, "--check", str(tmp_path)) == 0
    assert run(monkeypatch, str(tmp_path)) == 0
    assert capsys.readouterr().out == ""
    stale = tmp_path / "proto/telegrad_proto/opset.json"
    entries = json.loads(stale.read_text("utf-8"))
    entries["operators"].pop()
    stale.write_text(json.dumps(entries), "utf-8")
    assert run(monkeypatch, "--check", str(tmp_path)) == 1
    assert "opset.json: not current" in capsys.readouterr().err
