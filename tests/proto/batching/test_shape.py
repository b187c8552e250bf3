"""Batches of operators that move elements."""

from __future__ import annotations

from typing import Any

from tests.proto.batching.written import array, written


def test_the_batch_axis_stays_in_front() -> None:
    assert written("reshape", array(3, 4, 5), carries=(True,), shape=(20,)) == (["reshape"], [(3, 20)])
    assert written("transpose", array(3, 4, 5), carries=(True,), perm=(1, 0)) == (["transpose"], [(3, 5, 4)])
    assert written("broadcast_to", array(3, 4), carries=(True,), shape=(2, 4)) == (
        ["reshape", "broadcast_to"],
        [(3, 2, 4)],
    )


def test_slices_take_all_examples() -> None:
    bounds: dict[str, Any] = {"starts": (1,), "limits": (4,), "strides": (1,)}
    assert written("slice", array(3, 4), carries=(True,), **bounds) == (["slice"], [(3, 3)])
    assert written("set_slice", array(4), array(3, 3), carries=(False, True), **bounds) == (
        ["broadcast_to", "set_slice"],
        [(3, 4)],
    )


def test_padding_adds_no_example() -> None:
    widths: dict[str, Any] = {"low": (1,), "high": (2,), "interior": (1,), "value": 0.0}
    assert written("pad", array(3, 4), carries=(True,), **widths) == (["pad"], [(3, 10)])


def test_shared_parts_are_repeated() -> None:
    assert written("concatenate", array(2), array(3, 4), carries=(False, True), axis=0) == (
        ["broadcast_to", "concatenate"],
        [(3, 6)],
    )
