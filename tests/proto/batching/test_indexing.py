"""Batches of reads and writes at positions."""

from __future__ import annotations

import pytest

from tests.proto.batching.written import array, positions, written


def test_an_empty_index_reads_nothing_and_writes_nothing() -> None:
    assert written("gather", array(3, 4, 5), positions(0), carries=(True, False), axis=0)[0] == ["full"]
    names, _ = written("scatter", array(3, 4), positions(0), array(0), carries=(True, False, False), axis=0)
    assert names == ["identity"]


def test_positions_of_each_example() -> None:
    assert written("gather", array(4), positions(3, 2), carries=(False, True), axis=0) == (
        ["broadcast_to", "gather"],
        [(3, 2)],
    )
    names, _ = written("gather", array(3), positions(3), carries=(True, True), axis=0)
    assert names == ["reshape", "reshape", "gather", "reshape"]


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("carries", [(True, False), (False, True), (True, True)])
def test_indices_wherever_they_stand(axes: tuple[int, ...], carries: tuple[bool, bool]) -> None:
    x = array(3, 4, 5, 6) if carries[0] else array(4, 5, 6)
    index = positions(3, 2, 1) if carries[1] else positions(2, 1)
    flags = (carries[0], *[carries[1]] * len(axes))
    names, shapes = written("index", x, *[index] * len(axes), carries=flags, axes=axes)
    assert names.count("index") == 1
    values = array(*shapes[0])
    for put in (values, array(*shapes[0][1:])):
        flags = (carries[0], put is values, *[carries[1]] * len(axes))
        written("index_put", x, put, *[index] * len(axes), carries=flags, axes=axes, accumulate=True)
