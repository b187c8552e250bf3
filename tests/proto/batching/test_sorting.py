"""Batches of searches."""

from __future__ import annotations

from tests.proto.batching.written import array, written


def test_shared_boundaries_serve_all() -> None:
    assert written("searchsorted", array(4), array(3, 2, 2), carries=(False, True), right=False) == (
        ["searchsorted"],
        [(3, 2, 2)],
    )


def test_boundaries_of_each_example_want_one_row_of_values() -> None:
    names, _ = written("searchsorted", array(3, 4), array(2, 2), carries=(True, False), right=False)
    assert names == ["broadcast_to", "reshape", "searchsorted", "reshape"]
    names, _ = written("searchsorted", array(3, 2, 4), array(2, 5), carries=(True, False), right=False)
    assert names == ["broadcast_to", "searchsorted"]
