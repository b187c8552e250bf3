"""Strides and overlaps that torch's tensor of the same making would have."""

from __future__ import annotations

import telegrad as tg
from telegrad.sharing.strides import contiguous_strides, is_contiguous, layout_of, overlaps, regrouped


def test_contiguous_strides() -> None:
    assert contiguous_strides((2, 3, 4)) == (12, 4, 1)
    assert contiguous_strides((2, 0, 4)) == (4, 4, 1)
    assert contiguous_strides(()) == ()


def test_layouts_follow_the_recipe() -> None:
    x = tg.zeros(2, 3, 4)
    assert layout_of(x) == ((2, 3, 4), (12, 4, 1), 0)
    assert layout_of(x[1, :, 1::2]) == ((3, 2), (4, 2), 13)
    assert layout_of(x.transpose(0, 2)[1:].detach()) == ((3, 3, 2), (1, 4, 12), 1)
    assert layout_of(tg.zeros(2, dtype=tg.complex64).imag) == ((2,), (2,), 1)


def test_regrouping_memory() -> None:
    assert regrouped((2, 3, 4), (12, 4, 1), (6, 4)) == (4, 1)
    assert regrouped((2, 3), (1, 2), (6,)) is None
    assert regrouped((2, 3), (1, 2), (2, 3, 1)) is not None
    assert regrouped((0, 3), (3, 1), (3, 0)) == (1, 1)
    assert regrouped((), (), (1, 1)) == (1, 1)


def test_gaps_and_overlaps() -> None:
    x = tg.zeros(2, 3)
    assert is_contiguous(x)
    assert is_contiguous(x[:1])
    assert not is_contiguous(x.t())
    assert is_contiguous(x[:, 3:])
    assert overlaps(x[:, :1].expand(2, 3))
    assert overlaps(tg.zeros(1).expand(3))
    assert not overlaps(x.expand(1, 2, 3))
    assert not overlaps(x.expand(4, 2, 3)[2])
    assert not overlaps(x)
