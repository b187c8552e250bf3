"""A program written for a graphics card finds none and goes on."""

from __future__ import annotations

import telegrad as tg


def test_there_is_no_card() -> None:
    device = tg.device("cuda" if tg.cuda.is_available() else "cpu")
    assert tg.ones(2).to(device).device == tg.device("cpu")
    assert tg.cuda.device_count() == 0
    tg.cuda.empty_cache()


def test_seeds_are_the_one_seed() -> None:
    tg.manual_seed(5)
    expected = tg.rand(3).tolist()
    for seed in (tg.cuda.manual_seed, tg.cuda.manual_seed_all):
        seed(5)
        assert tg.rand(3).tolist() == expected
