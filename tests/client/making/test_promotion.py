"""Types of results: all pairs as in torch, numbers and 0-d tensors as it weighs them."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.making import promotion
from telegrad.making.promotion import constant, promote_all, promote_operands, scalar_array, to_float
from telegrad_proto import dtypes
from telegrad_proto.errors import DTypeError

NAMES = [d.name for d in dtypes.ALL]


def outcome(module: ModuleType, *operands: Any) -> str:
    """The result's type, or that there is none."""
    try:
        # There is no complex type of half precision here.
        return str(module.result_type(*operands)).replace("complex32", "complex64")
    except (RuntimeError, TypeError):
        return "refused"


@pytest.mark.torch
def test_all_pairs_in_all_weights_are_torchs() -> None:
    torch = pytest.importorskip("torch")
    made = {
        (name, shape): (
            tg.zeros(shape, dtype=getattr(tg, name)),
            torch.zeros(shape, dtype=getattr(torch, name)),
        )
        for name in NAMES
        for shape in ((2,), ())
    }
    for (a, (mine, theirs)), (b, (my_other, their_other)) in itertools.product(made.items(), made.items()):
        assert outcome(tg, mine, my_other) == outcome(torch, theirs, their_other), (a, b)
    for a, (mine, theirs) in made.items():
        for number in (True, 1, 1.0, 1j):
            assert outcome(tg, mine, number) == outcome(torch, theirs, number), (a, number)


def test_operands_meet_in_one_type() -> None:
    a, b = promote_operands(tg.ones(2, dtype=tg.int32), 1.5)
    assert (a.dtype, b.dtype, b.shape) == (tg.float32, tg.float32, ())
    a, b = promote_operands(2, tg.ones(2, dtype=tg.int8))
    assert (a.dtype, b.dtype) == (tg.int8, tg.int8)
    same = tg.ones(2)
    assert promote_operands(same, same)[0] is same
    three = promote_all(tg.ones(1, dtype=tg.int64), 1, tg.tensor(2.0, dtype=tg.float64))
    assert {t.dtype for t in three} == {tg.float64}
    with pytest.raises(TypeError, match="requires a Tensor or a number, got str"):
        promote_operands(tg.ones(1), "a")  # type: ignore[arg-type]


def test_the_default_type_counts() -> None:
    assert to_float(tg.tensor([1])).dtype is tg.float32
    tg.set_default_dtype(tg.float64)
    assert to_float(tg.tensor([1])).dtype is tg.float64
    assert (tg.tensor([1]) + 1.5).dtype is tg.float64
    assert promotion.default_complex() is tg.complex128
    assert str(tg.tensor([1.5])) == "tensor([1.5000])"
    with pytest.raises(TypeError, match="only floating-point types"):
        tg.set_default_dtype(tg.int64)


def test_constants_are_the_same_tensor() -> None:
    assert constant(2.0, tg.float32) is constant(2.0, tg.float32)
    assert constant(2.0, tg.float32) is not constant(2.0, tg.float64)
    assert constant(0.0, tg.float32) is not constant(-0.0, tg.float32)
    assert constant(float("nan"), tg.float32) is constant(float("nan"), tg.float32)


def test_numbers_as_arrays() -> None:
    assert scalar_array(-1, tg.uint8).item() == 255
    assert scalar_array(1e300, tg.float32).item() == np.inf
    assert scalar_array(2.7, tg.int64).item() == 2
    assert scalar_array(1 + 0j, tg.float32).item() == 1.0
    for value, dtype in ((300, tg.uint8), (float("nan"), tg.int64), (2**70, tg.int64)):
        with pytest.raises(DTypeError, match="without overflow"):
            scalar_array(value, dtype)
    with pytest.raises(DTypeError):
        scalar_array(1 + 2j, tg.float32)


def test_numpys_numbers_are_numbers() -> None:
    assert promotion.is_number(np.float32(1))
    assert promotion.is_number(np.bool_(True))
    assert not promotion.is_number(np.ones(1))
    assert not promotion.is_number("1")
    assert promotion.number(np.int64(3)) == 3
    assert type(promotion.number(np.float32(1.5))) is float
