from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import close


def test_occurrences() -> None:
    numbers, weights = np.array([1, 3, 1]), np.array([0.5, 1.0, 2.0])
    close(tg.bincount(tg.tensor(numbers)), np.bincount(numbers))
    close(tg.bincount(tg.tensor(numbers), tg.tensor(weights), minlength=6), np.bincount(numbers, weights, 6))
    with pytest.raises(RuntimeError, match="non-negative"):
        tg.bincount(tg.tensor([-1]))


def test_histograms() -> None:
    data = np.array([0.0, 0.1, 0.5, 1.0, 1.0, 2.0])
    close(tg.histc(tg.tensor(data), bins=4), np.histogram(data, 4)[0])
    close(tg.histc(tg.tensor(data), bins=2, min=0, max=1), np.histogram(data, 2, (0, 1))[0])


def test_powers() -> None:
    v = np.array([1.0, 2.0, 3.0])
    close(tg.vander(tg.tensor(v)), np.vander(v))
    close(tg.vander(tg.tensor(v), 2, increasing=True), np.vander(v, 2, increasing=True))
    assert tg.vander(tg.tensor(v), 0).shape == (3, 0)


def test_coordinates_of_flat_places() -> None:
    for mine, theirs in zip(
        tg.unravel_index(tg.tensor([0, 5, 3]), (2, 3)), np.unravel_index([0, 5, 3], (2, 3)), strict=True
    ):
        close(mine, theirs)


def test_one_size_is_a_shape_and_no_size_is_negative() -> None:
    assert tg.unravel_index(tg.tensor([3]), 5)[0].tolist() == [3]
    with pytest.raises(ValueError, match="cannot have negative values"):
        tg.unravel_index(tg.tensor([3]), -1)
    with pytest.raises(RuntimeError, match="minlength should be >= 0"):
        tg.bincount(tg.tensor([1]), minlength=-1)
