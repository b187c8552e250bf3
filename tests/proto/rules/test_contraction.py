"""The rule of matrix products."""

from __future__ import annotations

import re

import pytest

from telegrad_proto.errors import DTypeError, LimitError, ShapeError
from tests.proto.rules.asking import BOOL, F64, one, s


def test_matmul() -> None:
    assert one("matmul", s(2, 3), s(3, 4)) is s(2, 4)
    assert one("matmul", s(5, 1, 2, 0), s(6, 0, 4)) is s(5, 6, 2, 4)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ((2, 3), (4, 5), "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        (
            (7, 2, 3),
            (7, 4, 5),
            "Expected size for first two dimensions of batch2 tensor to be: [7, 3] but got: [7, 4].",
        ),
        (
            (7, 2, 3),
            (6, 3, 5),
            "The size of tensor a (7) must match the size of tensor b (6) at non-singleton dimension 0",
        ),
        ((3,), (3, 5), "matmul: both arguments need at least 2D, but they are 1D and 2D"),
    ],
)
def test_products_that_are_none(a: tuple[int, ...], b: tuple[int, ...], words: str) -> None:
    with pytest.raises(ShapeError, match=re.escape(words)):
        one("matmul", s(*a), s(*b))


@pytest.mark.torch
@pytest.mark.parametrize(("a", "b"), [((2, 3), (4, 5)), ((7, 2, 3), (7, 4, 5)), ((7, 2, 3), (6, 3, 5))])
def test_matmul_speaks_as_torch(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    import torch

    with pytest.raises(RuntimeError) as theirs:
        torch.zeros(a) @ torch.zeros(b)
    with pytest.raises(ShapeError) as ours:
        one("matmul", s(*a), s(*b))
    assert str(ours.value) == str(theirs.value)


def test_matmul_of_what_has_no_product() -> None:
    with pytest.raises(DTypeError):
        one("matmul", s(2, 3, dtype=BOOL), s(3, 4, dtype=BOOL))
    with pytest.raises(DTypeError):
        one("matmul", s(2, 3), s(3, 4, dtype=F64))
    with pytest.raises(LimitError):
        one("matmul", s(2**40, 1), s(1, 2**40))
