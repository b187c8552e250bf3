"""Records of operators: how they are written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from telegrad_engine.ops.record import RECORDS, OpRecord, Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.spec import Spec


@pytest.fixture
def records() -> Iterator[dict[str, OpRecord]]:
    """The register, as it was before once the test is over."""
    before = dict(RECORDS)
    yield RECORDS
    RECORDS.clear()
    RECORDS.update(before)


def forward(xp: Any, *arrays: Any) -> Any:
    return arrays[0]


def test_a_record_is_registered_under_its_name(records: dict[str, OpRecord]) -> None:
    made = op("first_of", "x y", rule=Rule("binary", kinds="f"), forward=forward, doc="The first.")
    assert records["first_of"] is made
    assert made.inputs == ("x", "y")
    assert not made.variadic
    assert made.vjps == (None, None)
    assert made.rule.params == {"kinds": "f"}
    (first,) = made.examples
    assert [s.dtype for s in first.specs] == [dtypes.float32] * 2


@pytest.mark.usefixtures("records")
def test_a_starred_input_is_variadic() -> None:
    def vjp(*_: Any, **__: Any) -> None:
        return None

    made = op("many", "x *rest", rule=Rule("binary"), forward=forward, vjps=(None, vjp), doc="Many.")
    assert made.inputs == ("x", "rest")
    assert made.variadic
    assert made.vjp_at(0) is None
    assert made.vjp_at(1) is made.vjp_at(7) is vjp


@pytest.mark.usefixtures("records")
def test_no_inputs() -> None:
    made = op("nothing", rule=Rule("full"), forward=forward, doc="Nothing.")
    assert (len(made.inputs), len(made.vjps)) == (0, 0)
    assert made.vjp_at(0) is None


@pytest.mark.usefixtures("records")
def test_mistakes_are_told_while_importing() -> None:
    op("once", "x", rule=Rule("unary"), forward=forward, doc="Once.")
    with pytest.raises(AssertionError, match="operator once is registered twice"):
        op("once", "x", rule=Rule("unary"), forward=forward, doc="Twice.")
    with pytest.raises(AssertionError, match="operator two: 1 vjps for 2 inputs"):
        op("two", "x y", rule=Rule("binary"), forward=forward, vjps=(None,), doc="Two.")


def test_examples_written_short() -> None:
    made = example((2, 3), ((4,), dtypes.int64), (), axis=1)
    assert made.specs == (
        Spec((2, 3), dtypes.float32),
        Spec((4,), dtypes.int64),
        Spec((), dtypes.float32),
    )
    assert made.attrs == {"axis": 1}
