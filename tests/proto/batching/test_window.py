"""Batches of windows."""

from __future__ import annotations

from tests.proto.batching.written import array, written


def test_windows_are_of_the_last_dimensions() -> None:
    names, shapes = written(
        "windows", array(3, 2, 5), carries=(True,), sizes=(2,), strides=(1,), dilations=(1,)
    )
    assert (names, shapes) == (["windows"], [(3, 2, 4, 2)])
    assert written("det", array(3, 2, 2), carries=(True,)) == (["det"], [(3,)])
