"""Rules of values made of attributes alone."""

from __future__ import annotations

import math

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import ArgumentError, AttributeTypeError, DTypeError, LimitError, ShapeError
from tests.proto.rules.asking import BOOL, F32, I64, one, s

U64 = dtypes.uint64


def test_full() -> None:
    assert one("full", shape=(2, 0), fill=1.5, dtype=F32) is s(2, 0)
    assert one("full", shape=(), fill=math.nan, dtype=F32) is s()


@pytest.mark.parametrize(
    ("shape", "error"),
    [((-1,), ShapeError), ((2**40, 2**40), LimitError), ((0, 2**62, 4), LimitError), ((1,) * 33, LimitError)],
)
def test_shapes_that_no_memory_holds(shape: tuple[int, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        one("full", shape=shape, fill=0, dtype=F32)
    with pytest.raises(error):
        one("random_bits", s(2, dtype=U64), shape=shape)


def test_a_fill_that_is_none_of_its_dtype() -> None:
    with pytest.raises(ArgumentError):
        one("full", shape=(), fill=300, dtype=dtypes.int8)
    with pytest.raises(AttributeTypeError):
        one("full", shape=(), fill="1", dtype=F32)


def test_iota() -> None:
    assert one("iota", size=5, dtype=I64) is s(5, dtype=I64)
    assert one("iota", size=0, dtype=dtypes.int8) is s(0, dtype=dtypes.int8)
    with pytest.raises(ArgumentError):
        one("iota", size=129, dtype=dtypes.int8)
    with pytest.raises(ShapeError):
        one("iota", size=-1, dtype=I64)
    with pytest.raises(DTypeError):
        one("iota", size=2, dtype=BOOL)
    with pytest.raises(LimitError):
        one("iota", size=2**62, dtype=I64)


def test_keys_are_two_words() -> None:
    key = s(2, dtype=U64)
    assert one("random_uniform", key, shape=(3,), dtype=F32) is s(3)
    assert one("random_bits", key, shape=(3,)) is s(3, dtype=U64)
    with pytest.raises(DTypeError):
        one("random_normal", s(2, dtype=I64), shape=(3,), dtype=F32)
    with pytest.raises(ShapeError):
        one("random_normal", s(3, dtype=U64), shape=(3,), dtype=F32)
    with pytest.raises(DTypeError):
        one("random_normal", key, shape=(3,), dtype=I64)


def test_draws_for_parameters() -> None:
    key = s(2, dtype=U64)
    assert one("random_gamma", key, s(2, 3)) is s(2, 3)
    assert one("random_binomial", key, s(2), s(2)) is s(2)
    with pytest.raises(ShapeError, match="parameters of one shape"):
        one("random_binomial", key, s(2), s(3))
    with pytest.raises(DTypeError):
        one("random_poisson", key, s(2, dtype=I64))
    with pytest.raises(ShapeError):
        one("random_poisson", s(3, dtype=U64), s(2))
