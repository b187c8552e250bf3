"""Rules of operators that work element by element."""

from __future__ import annotations

import re

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import ArgumentError, ArityError, DTypeError, ShapeError
from tests.proto.rules.asking import BOOL, C64, F64, I64, infer, one, s


def test_unary_results() -> None:
    assert one("sin", s(2, 3)) is s(2, 3)
    assert one("abs", s(2, dtype=C64)) is s(2)
    assert one("isnan", s(0, dtype=I64)) is s(0, dtype=BOOL)


@pytest.mark.parametrize(
    ("name", "dtype"), [("sin", I64), ("erf", C64), ("neg", BOOL), ("floor", C64), ("bitwise_not", F64)]
)
def test_unary_kinds(name: str, dtype: dtypes.DType) -> None:
    with pytest.raises(DTypeError, match=f"got {dtype.name}"):
        one(name, s(2, dtype=dtype))


def test_binary_stretches_and_wants_one_dtype() -> None:
    assert one("add", s(2, 1), s(3)) is s(2, 3)
    assert one("lt", s(2, 1), s(3)) is s(2, 3, dtype=BOOL)
    assert one("complex", s(2), s()) is s(2, dtype=C64)
    words = "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0"
    with pytest.raises(ShapeError, match=re.escape(words)):
        one("add", s(3), s(4))
    with pytest.raises(DTypeError, match="equal dtypes"):
        one("add", s(3), s(3, dtype=F64))
    with pytest.raises(DTypeError):
        one("lt", s(3, dtype=C64), s(3, dtype=C64))
    with pytest.raises(DTypeError):
        one("complex", s(dtype=dtypes.float16), s(dtype=dtypes.float16))
    with pytest.raises(ArityError):
        infer("add", s(3))


def test_where_wants_a_bool_condition() -> None:
    assert one("where", s(2, 1, dtype=BOOL), s(3), s()) is s(2, 3)
    with pytest.raises(DTypeError, match="where expected condition to be a boolean tensor"):
        one("where", s(2), s(2), s(2))
    with pytest.raises(ShapeError):
        one("where", s(2, dtype=BOOL), s(3), s())


def test_everything_becomes_everything() -> None:
    for dtype in dtypes.ALL:
        for target in dtypes.ALL:
            assert one("cast", s(2, dtype=dtype), dtype=target) is s(2, dtype=target)


def test_polygamma_of_no_negative_order() -> None:
    assert one("polygamma", s(2), n=0) is s(2)
    with pytest.raises(ArgumentError, match="does not support negative n"):
        one("polygamma", s(2), n=-1)


def test_several_inputs_stretch_together() -> None:
    assert one("beta_slope", s(2, 1), s(3), s(), m=1, n=0) is s(2, 3)
    with pytest.raises(DTypeError, match="equal dtypes"):
        one("gamma_slope", s(3), s(3, dtype=F64), order=1)
    with pytest.raises(DTypeError):
        one("gamma_slope", s(3, dtype=I64), s(3, dtype=I64), order=1)
    with pytest.raises(ShapeError):
        one("gamma_slope", s(3), s(4), order=1)


def test_what_is_required_is_a_condition() -> None:
    assert one("require", s(2, dtype=I64), s(5, dtype=BOOL), message="") is s(2, dtype=I64)
    with pytest.raises(DTypeError):
        one("require", s(2), s(2), message="")
