"""The client's functions and the table for people, as text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from telegrad_engine.ops.record import OpRecord, Rule
from telegrad_engine.ops.registry import load_families
from telegrad_engine.primitives_text import function_name, operators_text, primitives_text
from telegrad_proto.opset import OPSET

ROOT = Path(__file__).resolve().parents[2]


def record(name: str, **parts: object) -> OpRecord:
    fields: dict[str, object] = {
        "inputs": ("x",),
        "variadic": False,
        "attributes": (),
        "rule": Rule("unary"),
        "outputs": 1,
        "forward": lambda xp, x: x,
        "vjps": (None,),
        "examples": (),
        "flops": 1.0,
        "fuse": "",
        "doc": "What it is.",
        "domain": (0.0, 1.0),
        "smooth": True,
        "source": "",
    }
    return OpRecord(name=name, **{**fields, **parts})  # type: ignore[arg-type]


def only(made: OpRecord) -> str:
    """The function that is written for a record."""
    text = primitives_text({made.name: made})
    return text[text.index("\ndef ") + 1 :]


def test_the_text_is_the_file_and_parses() -> None:
    text = primitives_text(load_families())
    assert text == (ROOT / "client/telegrad/_primitives.py").read_text("utf-8")
    functions = {n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    assert functions == {function_name(n) for n in OPSET.ops}


@pytest.mark.parametrize(
    ("made", "signature", "call"),
    [
        (record("one"), "def one(x: Tensor) -> Tensor:", "record(_ONE, (x,), ())"),
        (
            record("two", inputs=("a", "b"), attributes=(("axis", "int"), ("how", "str?"))),
            "def two(a: Tensor, b: Tensor, *, axis: int, how: str | None = None) -> Tensor:",
            "record(_TWO, (a, b), (axis, how))",
        ),
        (record("none", inputs=()), "def none() -> Tensor:", "record(_NONE, (), ())"),
        (
            record("many", inputs=("x", "rest"), variadic=True, attributes=(("axes", "ints"),)),
            "def many(x: Tensor, *rest: Tensor, axes: tuple[int, ...]) -> Tensor:",
            "record(_MANY, (x, *rest), (axes,))",
        ),
        (
            record("all_of", inputs=("xs",), variadic=True),
            "def all_of(*xs: Tensor) -> Tensor:",
            "record(_ALL_OF, xs, ())",
        ),
        (
            record("parts", outputs=2),
            "def parts(x: Tensor) -> tuple[Tensor, Tensor]:",
            "record_many(_PARTS, (x,), ())",
        ),
        (record("lambda"), "def lambda_(x: Tensor) -> Tensor:", "record(_LAMBDA, (x,), ())"),
    ],
    ids=lambda v: v.name if isinstance(v, OpRecord) else "",
)
def test_a_function(made: OpRecord, signature: str, call: str) -> None:
    text = only(made)
    assert text.splitlines()[0].split("  #")[0] == signature
    assert f"return {call}" in text
    assert '"""What it is."""' in text


def test_the_table_has_a_row_an_operator() -> None:
    text = operators_text(load_families())
    assert text == (ROOT / "docs/operators.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(OPSET.ops)
    made = record(
        "many", inputs=("x", "rest"), variadic=True, vjps=(None, lambda: None), attributes=(("k", "int"),)
    )
    assert (
        operators_text({"many": made}).splitlines()[-1]
        == "| `many` | x, *rest | k: int | rest | What it is. |"
    )
