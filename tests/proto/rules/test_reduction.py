"""Rules of reductions."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import AxisError, DTypeError, ShapeError
from tests.proto.rules.asking import BOOL, C64, F64, I64, infer, one, s


def test_axes_go_or_stay_as_ones() -> None:
    assert one("sum", s(2, 3, 4), axes=(0, 2), keepdims=False) is s(3)
    assert one("sum", s(2, 3, 4), axes=(0, 2), keepdims=True) is s(1, 3, 1)
    assert one("sum", s(2), axes=(), keepdims=False) is s(2)
    assert one("any", s(2, dtype=C64), axes=(0,), keepdims=False) is s(dtype=BOOL)
    assert one("prod", s(0), axes=(0,), keepdims=False) is s()


@pytest.mark.parametrize("axes", [(2,), (-1,), (1, 0), (0, 0)])
def test_axes_out_of_form(axes: tuple[int, ...]) -> None:
    with pytest.raises(AxisError):
        one("sum", s(2, 3), axes=axes, keepdims=False)


def test_an_extreme_of_nothing() -> None:
    assert one("amax", s(0, 3), axes=(1,), keepdims=False) is s(0)
    with pytest.raises(AxisError, match=r"amax\(\): Expected reduction dim 0 to have non-zero size."):
        one("amax", s(0, 3), axes=(0,), keepdims=False)
    with pytest.raises(AxisError, match=r"argmin\(\): Expected reduction dim 0 to have non-zero size."):
        one("argmin", s(0, 3), axis=0, keepdims=False)


def test_positions_are_int64() -> None:
    assert one("argmax", s(2, 3), axis=1, keepdims=True) is s(2, 1, dtype=I64)
    assert one("argmax", s(), axis=0, keepdims=False) is s(dtype=I64)
    with pytest.raises(DTypeError):
        one("argmax", s(2, dtype=C64), axis=0, keepdims=False)


def test_running_reductions_keep_the_shape() -> None:
    assert one("cumsum", s(2, 3), axis=1, reverse=True) is s(2, 3)
    assert infer("cummax", s(2, 3), axis=1) == (s(2, 3), s(2, 3, dtype=I64))
    assert one("cumprod", s(), axis=0) is s()
    with pytest.raises(AxisError):
        one("cumprod", s(2), axis=1)
    with pytest.raises(DTypeError):
        one("logcumsumexp", s(2, dtype=I64), axis=0)


def test_a_recurrence_has_one_shape() -> None:
    assert one("linear_scan", s(2, 3), s(2, 3), axis=1, reverse=False) is s(2, 3)
    with pytest.raises(ShapeError, match="equal shapes"):
        one("linear_scan", s(2, 3), s(3), axis=0, reverse=False)
    with pytest.raises(DTypeError):
        one("linear_scan", s(2), s(2, dtype=F64), axis=0, reverse=False)
    with pytest.raises(AxisError):
        one("linear_scan", s(2), s(2), axis=1, reverse=False)
