"""Batches of pseudo-inverses: the one decomposition with more than one input."""

from __future__ import annotations

from tests.proto.batching.written import array, written


def test_tolerances_of_each_example() -> None:
    names, _ = written("pinv", array(2, 3), array(3), array(), carries=(False, True, False), hermitian=False)
    assert names == ["broadcast_to", "pinv"]
    names, _ = written(
        "pinv", array(3, 7, 2, 3), array(3), array(7), carries=(True, True, False), hermitian=False
    )
    assert names == ["reshape", "pinv"]
