"""Sizes for all dimensions at once."""

from __future__ import annotations

from telegrad.nn.sizes import repeated, reversed_twice


def test_one_size_stands_for_all() -> None:
    assert repeated(3, 2) == (3, 3)
    assert repeated([1, 2], 2) == (1, 2)
    assert repeated((4,), 3) == (4,)


def test_sides_of_pad_begin_with_the_last_dimension() -> None:
    assert reversed_twice((1, 2)) == [2, 2, 1, 1]
