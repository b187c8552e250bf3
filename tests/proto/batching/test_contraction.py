"""Batches of matrix products."""

from __future__ import annotations

from tests.proto.batching.written import array, written


def test_a_shared_second_matrix_is_one_product() -> None:
    names, shapes = written("matmul", array(3, 2, 4), array(4, 5), carries=(True, False))
    assert names == ["reshape", "matmul", "reshape"]
    assert shapes == [(3, 2, 5)]


def test_otherwise_a_stack_of_products() -> None:
    assert written("matmul", array(2, 4), array(3, 4, 5), carries=(False, True))[0] == ["matmul"]
    names, _ = written("matmul", array(3, 2, 4), array(7, 4, 5), carries=(True, False))
    assert names == ["reshape", "matmul"]


def test_equations_stretch_their_leading_dimensions() -> None:
    names, _ = written("solve", array(3, 2, 2), array(7, 2, 1), carries=(True, False))
    assert names == ["reshape", "solve"]
