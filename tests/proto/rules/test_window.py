"""Rules of windows and their overlap-add."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import ArgumentError, DTypeError, LimitError, ShapeError
from tests.proto.rules.asking import BOOL, one, s


def test_windows() -> None:
    assert one("windows", s(2, 7, 9), sizes=(3, 2), strides=(2, 1), dilations=(1, 4)) is s(2, 3, 5, 3, 2)
    assert one("windows", s(2), sizes=(), strides=(), dilations=()) is s(2)


@pytest.mark.parametrize(
    ("sizes", "strides", "dilations", "error"),
    [
        ((8,), (1,), (1,), ShapeError),
        ((3,), (1,), (4,), ShapeError),
        ((3,), (0,), (1,), ArgumentError),
        ((3,), (-1,), (1,), ArgumentError),
        ((3,), (1,), (0,), ArgumentError),
        ((-1,), (1,), (1,), ArgumentError),
        ((3, 3), (1,), (1, 1), ShapeError),
        ((1, 1, 1), (1, 1, 1), (1, 1, 1), ShapeError),
        ((2**70,), (1,), (1,), ShapeError),
    ],
)
def test_windows_that_are_none(
    sizes: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        one("windows", s(7, 7), sizes=sizes, strides=strides, dilations=dilations)


def test_windows_of_more_elements_than_there_can_be() -> None:
    with pytest.raises(LimitError):
        one("windows", s(2**40), sizes=(2**39,), strides=(1,), dilations=(1,))


def test_fold_windows() -> None:
    assert one("fold_windows", s(2, 3, 5, 3, 2), spatial=(7, 9), strides=(2, 1), dilations=(1, 4)) is s(
        2, 7, 9
    )
    with pytest.raises(ShapeError, match=r"requires \[5\] windows of \[3\] in \[7\], got \[4\]"):
        one("fold_windows", s(4, 3), spatial=(7,), strides=(1,), dilations=(1,))
    with pytest.raises(ShapeError, match="at least 4 dimensions"):
        one("fold_windows", s(4, 3), spatial=(7, 7), strides=(1, 1), dilations=(1, 1))
    with pytest.raises(ShapeError):
        one("fold_windows", s(4, 3), spatial=(-7,), strides=(1,), dilations=(1,))
    with pytest.raises(ArgumentError):
        one("fold_windows", s(5, 3), spatial=(7,), strides=(0,), dilations=(1,))
    with pytest.raises(DTypeError):
        one("fold_windows", s(5, 3, dtype=BOOL), spatial=(7,), strides=(1,), dilations=(1,))
