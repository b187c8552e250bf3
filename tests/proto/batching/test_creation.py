"""Batches of what is made of attributes or of a key."""

from __future__ import annotations

from telegrad_proto import dtypes
from tests.proto.batching.written import array, written


def test_a_constant_is_repeated() -> None:
    assert written("full", carries=(), shape=(2,), fill=1.0, dtype=dtypes.float32) == (
        ["full", "broadcast_to"],
        [(3, 2)],
    )


def test_every_key_has_its_draw() -> None:
    key = array(3, 2, dtype=dtypes.uint64)
    names, shapes = written("random_normal", key, carries=(True,), shape=(5,), dtype=dtypes.float32)
    assert names.count("random_normal") == 3
    assert shapes == [(3, 5)]


def test_no_key_no_draw() -> None:
    key = array(0, 2, dtype=dtypes.uint64)
    assert written("random_bits", key, carries=(True,), shape=(5,), size=0) == (["full"], [(0, 5)])


def test_every_parameter_has_its_draw() -> None:
    key, shared = array(3, 2, dtype=dtypes.uint64), array(2, dtype=dtypes.uint64)
    for inputs, carries in (((key, array(5)), (True, False)), ((shared, array(3, 5)), (False, True))):
        names, shapes = written("random_gamma", *inputs, carries=carries)
        assert names.count("random_gamma") == 3
        assert shapes == [(3, 5)]
    assert written("random_gamma", shared, array(0, 5), carries=(False, True), size=0) == (["full"], [(0, 5)])
