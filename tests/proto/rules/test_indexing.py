"""Rules of reading and writing at positions."""

from __future__ import annotations

import re

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import ArityError, AxisError, DTypeError, LimitError, ShapeError
from telegrad_proto.spec import Spec
from tests.proto.rules.asking import F64, I64, infer, one, s


def i(*shape: int) -> Spec:
    return s(*shape, dtype=I64)


def test_gather() -> None:
    assert one("gather", s(2, 3), i(2, 7), axis=1) is s(2, 7)
    assert one("gather", s(), i(), axis=0) is s()
    assert one("gather", s(2, 3), i(0), axis=1) is s(0)
    with pytest.raises(ShapeError, match="Index tensor must have the same number of dimensions"):
        one("gather", s(2, 3), i(2), axis=1)
    with pytest.raises(ShapeError, match=re.escape("at dimension 0 expected index [3, 3]")):
        one("gather", s(2, 3), i(3, 3), axis=1)
    with pytest.raises(AxisError):
        one("gather", s(2, 3), i(2, 3), axis=2)
    with pytest.raises(DTypeError, match="int64 index, got int32"):
        one("gather", s(2, 3), s(2, 3, dtype=dtypes.int32), axis=1)


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
def test_scatter(name: str) -> None:
    assert one(name, s(2, 3), i(2, 2), s(2, 4), axis=1) is s(2, 3)
    for x, index, src in [
        (s(2, 3), i(3, 1), s(3, 1)),
        (s(2, 3), i(2, 2), s(2, 1)),
        (s(2, 3), i(2), s(2)),
        (s(2), i(2), s(2, 2)),
    ]:
        with pytest.raises(ShapeError):
            one(name, x, index, src, axis=1 if x.ndim == 2 else 0)
    with pytest.raises(DTypeError):
        one(name, s(2, 3), i(2, 2), s(2, 2, dtype=F64), axis=1)


def test_index() -> None:
    assert one("index", s(5, 6, 7), i(2, 1), i(3), axes=(0, 1)) is s(2, 3, 7)
    assert one("index", s(5, 6, 7), i(2), i(2), axes=(0, 2)) is s(2, 6)
    assert one("index", s(0, 2), i(0), axes=(0,)) is s(0, 2)
    with pytest.raises(AxisError, match="index is out of bounds for dimension with size 0"):
        one("index", s(0, 2), i(1), axes=(0,))
    with pytest.raises(AxisError, match=re.escape("could not be broadcast together with shapes [2], [3]")):
        one("index", s(5, 6), i(2), i(3), axes=(0, 1))
    with pytest.raises(AxisError, match="too many indices for tensor of dimension 1"):
        one("index", s(5), i(2), i(2), axes=(0, 1))
    with pytest.raises(ShapeError):
        one("index", s(5, 6), i(2), axes=(0, 1))
    with pytest.raises(ShapeError):
        infer("index", s(5), axes=())
    with pytest.raises(AxisError):
        one("index", s(5, 6), i(2), axes=(2,))
    with pytest.raises(DTypeError):
        one("index", s(5, 6), s(2), axes=(1,))
    with pytest.raises(ArityError):
        infer("index", axes=())
    with pytest.raises(LimitError):
        one("index", s(5, 2**40), i(2**40), axes=(0,))


def test_index_put() -> None:
    assert one("index_put", s(5, 6), s(6), i(2), axes=(0,), accumulate=True) is s(5, 6)
    with pytest.raises(
        ShapeError,
        match=re.escape("value tensor of shape [5] cannot be broadcast to indexing result of shape [2, 6]"),
    ):
        one("index_put", s(5, 6), s(5), i(2), axes=(0,), accumulate=False)
    with pytest.raises(DTypeError):
        one("index_put", s(5, 6), s(6, dtype=F64), i(2), axes=(0,), accumulate=False)
