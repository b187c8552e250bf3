"""Rules of sorting and searching."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import AxisError, DTypeError, ShapeError
from tests.proto.rules.asking import C64, F64, I64, infer, one, s


def test_sort() -> None:
    assert infer("sort", s(2, 3), axis=1, descending=False, stable=True) == (s(2, 3), s(2, 3, dtype=I64))
    assert infer("sort", s(), axis=0, descending=True, stable=False) == (s(), s(dtype=I64))
    with pytest.raises(AxisError):
        infer("sort", s(2), axis=1, descending=False, stable=True)
    with pytest.raises(DTypeError):
        infer("sort", s(2, dtype=C64), axis=0, descending=False, stable=True)


def test_searchsorted() -> None:
    assert one("searchsorted", s(5), s(2, 3), right=False) is s(2, 3, dtype=I64)
    assert one("searchsorted", s(2, 5), s(2, 3), right=False) is s(2, 3, dtype=I64)
    assert one("searchsorted", s(5), s(), right=False) is s(dtype=I64)
    for boundaries, values in [(s(2, 5), s(3, 3)), (s(2, 5), s()), (s(), s(2))]:
        with pytest.raises(ShapeError, match="boundaries tensor should be 1 dimension"):
            one("searchsorted", boundaries, values, right=False)
    with pytest.raises(DTypeError):
        one("searchsorted", s(5), s(5, dtype=F64), right=False)
