"""Rules of operators that move elements."""

from __future__ import annotations

import re

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, LimitError, ShapeError
from tests.proto.rules.asking import F64, infer, one, s


def test_reshape() -> None:
    assert one("reshape", s(2, 3), shape=(3, 2)) is s(3, 2)
    assert one("reshape", s(0, 2), shape=(5, 0)) is s(5, 0)
    with pytest.raises(ShapeError, match=re.escape("shape '[4]' is invalid for input of size 6")):
        one("reshape", s(2, 3), shape=(4,))
    with pytest.raises(ShapeError, match="negative dimension -1"):
        one("reshape", s(2, 3), shape=(-1,))
    with pytest.raises(LimitError):
        one("reshape", s(0), shape=(2**40, 2**40, 0))


def test_transpose() -> None:
    assert one("transpose", s(2, 3, 4), perm=(2, 0, 1)) is s(4, 2, 3)
    for perm, error in [
        ((0,), ShapeError),
        ((0, 0, 1), AxisError),
        ((0, 1, 3), AxisError),
        ((0, 1, -1), AxisError),
    ]:
        with pytest.raises(error):
            one("transpose", s(2, 3, 4), perm=perm)


def test_broadcast_to() -> None:
    assert one("broadcast_to", s(3, 1), shape=(2, 3, 4)) is s(2, 3, 4)
    with pytest.raises(
        ShapeError, match=re.escape("The expanded size of the tensor (4) must match the existing size (3)")
    ):
        one("broadcast_to", s(3), shape=(4,))
    with pytest.raises(ShapeError):
        one("broadcast_to", s(1, 3), shape=(3,))
    with pytest.raises(LimitError):
        one("broadcast_to", s(1), shape=(2**40, 2**40))


def test_flip() -> None:
    assert one("flip", s(2, 3), axes=(0, 1)) is s(2, 3)
    with pytest.raises(AxisError):
        one("flip", s(2, 3), axes=(2,))


def test_slice() -> None:
    assert one("slice", s(5, 4), starts=(1, 0), limits=(5, 0), strides=(3, 1)) is s(2, 0)


@pytest.mark.parametrize(
    ("starts", "limits", "strides", "error"),
    [
        ((0,), (6,), (1,), AxisError),
        ((-1,), (2,), (1,), AxisError),
        ((3,), (2,), (1,), AxisError),
        ((0,), (2,), (0,), ArgumentError),
        ((0,), (2,), (-1,), ArgumentError),
        ((0, 0), (2,), (1,), ShapeError),
        ((), (), (), ShapeError),
        ((0,), (2**80,), (1,), AxisError),
    ],
)
def test_slices_that_are_none(
    starts: tuple[int, ...], limits: tuple[int, ...], strides: tuple[int, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        one("slice", s(5), starts=starts, limits=limits, strides=strides)
    with pytest.raises(error):
        one("set_slice", s(5), s(2), starts=starts, limits=limits, strides=strides)


def test_set_slice_wants_what_it_overwrites() -> None:
    assert one("set_slice", s(5), s(2), starts=(0,), limits=(4,), strides=(2,)) is s(5)
    with pytest.raises(ShapeError, match=re.escape("src size = [3], slice size = [2]")):
        one("set_slice", s(5), s(3), starts=(0,), limits=(4,), strides=(2,))
    with pytest.raises(DTypeError):
        one("set_slice", s(5), s(2, dtype=F64), starts=(0,), limits=(4,), strides=(2,))


def test_pad() -> None:
    assert one("pad", s(2, 3), low=(1, -1), high=(0, 2), interior=(3, 0), value=0) is s(6, 4)
    assert one("pad", s(0), low=(2,), high=(-1,), interior=(5,), value=0) is s(1)
    assert one("pad", s(3), low=(-5,), high=(5,), interior=(1,), value=0) is s(5)
    assert one("pad", s(3), low=(-9,), high=(5,), interior=(1,), value=0) is s(1)


@pytest.mark.parametrize(
    ("low", "high", "interior", "value", "error"),
    [
        ((-4,), (0,), (0,), 0, ShapeError),
        ((-2,), (-2,), (0,), 0, ShapeError),
        ((0,), (-4,), (0,), 0, ShapeError),
        ((1,), (-7,), (1,), 0, ShapeError),
        ((0,), (0,), (-1,), 0, ArgumentError),
        ((0, 0), (0,), (0,), 0, ShapeError),
        ((2**61,), (2**61,), (0,), 0, LimitError),
        ((0,), (0,), (2**70,), 0, LimitError),
        ((0,), (0,), (0,), 1j, ArgumentError),
    ],
)
def test_paddings_that_are_none(
    low: tuple[int, ...],
    high: tuple[int, ...],
    interior: tuple[int, ...],
    value: complex,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        one("pad", s(3), low=low, high=high, interior=interior, value=value)


def test_concatenate() -> None:
    assert one("concatenate", s(2, 3), s(2, 0), s(2, 1), axis=1) is s(2, 4)
    with pytest.raises(ArgumentError, match="expected a non-empty list of Tensors"):
        infer("concatenate", axis=0)
    with pytest.raises(ShapeError, match="Expected size 2 but got size 3 for tensor number 1 in the list"):
        one("concatenate", s(2, 3), s(3, 3), axis=1)
    with pytest.raises(ShapeError, match="Tensors must have same number of dimensions: got 2 and 1"):
        one("concatenate", s(2, 3), s(3), axis=0)
    with pytest.raises(ShapeError, match="zero-dimensional tensor"):
        one("concatenate", s(), axis=0)
    with pytest.raises(AxisError):
        one("concatenate", s(2), axis=1)
    with pytest.raises(DTypeError):
        one("concatenate", s(2), s(2, dtype=dtypes.int8), axis=0)
    with pytest.raises(LimitError):
        one("concatenate", s(2**57, 2), s(2**57, 2), s(2**58, 2), axis=0)
