"""Batches of reductions, and of operators along an axis."""

from __future__ import annotations

from tests.proto.batching.written import array, written


def test_axes_are_one_further_back() -> None:
    assert written("sum", array(3, 4, 5), carries=(True,), axes=(0,), keepdims=False) == (["sum"], [(3, 5)])
    assert written("flip", array(3, 4, 5), carries=(True,), axes=(1,)) == (["flip"], [(3, 4, 5)])


def test_a_number_takes_axis_0() -> None:
    names, shapes = written("sort", array(3), carries=(True,), axis=0, descending=False, stable=True)
    assert names == ["reshape", "sort", "reshape", "reshape"]
    assert shapes == [(3,), (3,)]


def test_a_recurrence_wants_equal_shapes() -> None:
    assert written("linear_scan", array(4), array(3, 4), carries=(False, True), axis=0, reverse=False) == (
        ["broadcast_to", "linear_scan"],
        [(3, 4)],
    )
