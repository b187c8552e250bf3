"""Batches of elementwise operators."""

from __future__ import annotations

from telegrad_proto import dtypes
from tests.proto.batching.written import array, written


def test_examples_of_as_many_dimensions_need_nothing_more() -> None:
    assert written("add", array(3, 4), array(3, 4), carries=(True, True)) == (["add"], [(3, 4)])
    assert written("sin", array(3), carries=(True,)) == (["sin"], [(3,)])


def test_fewer_dimensions_do_not_meet_the_batch_axis() -> None:
    assert written("mul", array(3), array(3, 2, 3), carries=(True, True)) == (["reshape", "mul"], [(3, 2, 3)])


def test_what_examples_share_stretches_by_itself() -> None:
    assert written("mul", array(3, 4), array(2, 4), carries=(True, False)) == (
        ["reshape", "mul"],
        [(3, 2, 4)],
    )
    assert written("mul", array(3, 2, 4), array(4), carries=(True, False)) == (["mul"], [(3, 2, 4)])


def test_what_is_required_holds_for_all() -> None:
    condition = array(3, 4, dtype=dtypes.bool_)
    assert written("require", array(3, 2), condition, carries=(True, True), message="") == (
        ["require"],
        [(3, 2)],
    )
    assert written("require", array(2), condition, carries=(False, True), message="") == (
        ["broadcast_to", "require"],
        [(3, 2)],
    )
