from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.functions import operands


def test_axes_count_from_the_front() -> None:
    assert operands.axes_of(None, 3) == (0, 1, 2)
    assert operands.axes_of(-1, 3) == (2,)
    assert operands.axes_of((-1, 0), 3) == (0, 2)
    assert operands.axes_of((), 2) == (0, 1)
    assert operands.axes_of((), 2, empty_is_all=False) == ()
    assert operands.axes_of(-1, 0) == ()
    with pytest.raises(RuntimeError, match="dim 0 appears multiple times"):
        operands.axes_of((0, -2), 2)


def test_sizes_come_one_by_one_or_together() -> None:
    assert operands.sizes_of((2, 3)) == (2, 3)
    assert operands.sizes_of(([2, 3],)) == (2, 3)
    assert operands.sizes_of(((),)) == ()


def test_what_is_detached_has_the_value_and_no_history() -> None:
    x = tg.tensor([2.0], requires_grad=True)
    y = operands.detached(x * 3)
    assert not y.requires_grad
    assert y.item() == 6.0


def test_numbers_alone_have_torchs_types() -> None:
    assert operands.as_tensor(True).dtype is tg.bool
    assert operands.as_tensor(1).dtype is tg.int64
    assert operands.as_tensor(1.0).dtype is tg.float32
    assert operands.as_tensor(1j).dtype is tg.complex64
