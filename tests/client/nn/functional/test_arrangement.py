"""Functions that move elements between channels and places."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional


def test_channels_become_squares_and_back() -> None:
    x = np.arange(16.0).reshape(4, 2, 2)
    expected = [[[0, 4, 1, 5], [8, 12, 9, 13], [2, 6, 3, 7], [10, 14, 11, 15]]]
    wide = F.pixel_shuffle(tg.tensor(x), 2)
    close(wide, expected)
    close(F.pixel_unshuffle(wide, 2), x)


def test_channels_take_turns() -> None:
    x = np.arange(6.0).reshape(1, 6, 1, 1)
    close(F.channel_shuffle(tg.tensor(x), 2).reshape(-1), [0, 3, 1, 4, 2, 5])


TORCH: dict[str, Case] = {
    "shuffle": lambda t: t.F.pixel_shuffle(t.leaf(2, 9, 2, 3), 3),
    "unshuffle": lambda t: t.F.pixel_unshuffle(t.leaf(2, 4, 6), 2),
    "channels": lambda t: t.F.channel_shuffle(t.leaf(2, 6, 2, 2), 3),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "shuffle": lambda t: t.F.pixel_shuffle(t.leaf(3, 2, 2), 2),
    "unshuffle": lambda t: t.F.pixel_unshuffle(t.leaf(3, 3, 2), 2),
    "unshuffle width": lambda t: t.F.pixel_unshuffle(t.leaf(3, 2, 3), 2),
    "dimensions": lambda t: t.F.pixel_shuffle(t.leaf(3, 2), 2),
    "channels": lambda t: t.F.channel_shuffle(t.leaf(1, 3, 2, 2), 2),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)
