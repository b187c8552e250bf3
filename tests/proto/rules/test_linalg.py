"""Rules of matrix decompositions and equations."""

from __future__ import annotations

import re

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import DTypeError, ShapeError
from telegrad_proto.opset import AttrValue
from tests.proto.rules.asking import C64, F64, I64, infer, one, s

SQUARE = {
    "cholesky": "linalg.cholesky",
    "eigh": "linalg.eigh",
    "eig": "linalg.eig",
    "matrix_exp": "linalg.matrix_exp",
    "det": "linalg.det",
    "cofactor": "linalg.det",
}
ANY: dict[str, dict[str, AttrValue]] = {"qr": {"complete": False}, "svd": {"full": False}, "lu": {}}


def test_specs_of_factors() -> None:
    assert one("cholesky", s(2, 3, 3)) is s(2, 3, 3)
    assert infer("qr", s(5, 3), complete=False) == (s(5, 3), s(3, 3))
    assert infer("qr", s(5, 3), complete=True) == (s(5, 5), s(5, 3))
    assert infer("svd", s(5, 3, dtype=C64), full=False) == (s(5, 3, dtype=C64), s(3), s(3, 3, dtype=C64))
    assert infer("svd", s(2, 5, 3), full=True) == (s(2, 5, 5), s(2, 3), s(2, 3, 3))
    assert infer("eigh", s(3, 3, dtype=C64)) == (s(3), s(3, 3, dtype=C64))
    assert infer("eig", s(3, 3)) == (s(3, dtype=C64), s(3, 3, dtype=C64))
    assert infer("lu", s(2, 5, 3)) == (s(2, 5, 3), s(2, 5, dtype=I64))
    assert infer("svd", s(0, 3), full=False) == (s(0, 0), s(0), s(0, 3))


@pytest.mark.parametrize("name", SQUARE)
def test_square_matrices(name: str) -> None:
    words = f"{SQUARE[name]}: A must be batches of square matrices, but they are 2 by 3 matrices"
    with pytest.raises(ShapeError, match=re.escape(words)):
        infer(name, s(2, 3))


@pytest.mark.parametrize("name", [*SQUARE, *ANY])
def test_matrices_of_numbers_with_inverses(name: str) -> None:
    attrs = ANY.get(name, {})
    with pytest.raises(ShapeError, match="must have at least 2 dimensions"):
        infer(name, s(3), **attrs)
    with pytest.raises(DTypeError, match="Expected a floating point or complex tensor as input"):
        infer(name, s(3, 3, dtype=I64), **attrs)
    with pytest.raises(DTypeError, match="Low precision dtypes not supported"):
        infer(name, s(3, 3, dtype=dtypes.float16), **attrs)


@pytest.mark.parametrize("name", ["solve", "triangular_solve"])
def test_equations(name: str) -> None:
    attrs: dict[str, AttrValue] = {} if name == "solve" else {"upper": True, "unit": False}
    assert one(name, s(4, 1, 3, 3), s(5, 3, 2), **attrs) is s(4, 5, 3, 2)
    for a, b in [(s(3, 3), s(2, 1)), (s(3, 2), s(3, 1)), (s(3, 3), s(3)), (s(2, 3, 3), s(4, 3, 1))]:
        with pytest.raises(ShapeError):
            one(name, a, b, **attrs)
    with pytest.raises(DTypeError):
        one(name, s(3, 3), s(3, 1, dtype=F64), **attrs)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["cholesky", "eigh", "eig"])
def test_words_are_torchs(name: str) -> None:
    import torch

    with pytest.raises(RuntimeError) as theirs:
        getattr(torch.linalg, name)(torch.zeros(2, 3))
    with pytest.raises(ShapeError) as ours:
        infer(name, s(2, 3))
    assert str(ours.value) == str(theirs.value)


def test_pseudo_inverses_and_determinants() -> None:
    scalar = s()
    assert one("det", s(2, 3, 3, dtype=C64)) is s(2, dtype=C64)
    assert one("pinv", s(2, 5, 3), scalar, s(2), hermitian=False) is s(2, 3, 5)
    assert one("pinv", s(3, 3, dtype=C64), scalar, scalar, hermitian=True) is s(3, 3, dtype=C64)
    with pytest.raises(ShapeError, match="must be batches of square matrices"):
        infer("pinv", s(5, 3), scalar, scalar, hermitian=True)
    with pytest.raises(ShapeError, match="a tolerance stretches to"):
        infer("pinv", s(5, 3), s(2), scalar, hermitian=False)
    with pytest.raises(DTypeError, match="a tolerance is of type float32"):
        infer("pinv", s(5, 3), s(dtype=F64), scalar, hermitian=False)
