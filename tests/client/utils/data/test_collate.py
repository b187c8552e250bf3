"""Samples put together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import telegrad as tg
from telegrad.utils.data import default_collate, default_convert


class Pair(NamedTuple):
    a: Any
    b: Any


def test_every_kind_of_sample() -> None:
    assert default_collate([tg.ones(2), tg.zeros(2)]).tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert default_collate([np.float32(1), np.float32(2)]).dtype is tg.float32
    assert default_collate([np.ones(2), np.zeros(2)]).shape == (2, 2)
    assert default_collate([0.5, 1.5]).dtype is tg.float64
    assert default_collate([1, 2]).dtype is tg.int64
    assert default_collate(["a", "b"]) == ["a", "b"]
    assert default_collate([{"x": 1}, {"x": 2}])["x"].tolist() == [1, 2]
    assert [part.tolist() for part in default_collate([(1, 0.5), (2, 1.5)])] == [[1, 2], [0.5, 1.5]]
    assert default_collate([Pair(1, 2), Pair(3, 4)]).b.tolist() == [2, 4]


def test_what_does_not_go_together() -> None:
    with pytest.raises(ValueError, match="equal size"):
        default_collate([(1,), (1, 2)])
    with pytest.raises(TypeError, match="must contain tensors"):
        default_collate([object()])


def test_a_sample_alone() -> None:
    made = default_convert({"x": np.ones(2), "y": (np.float64(1), "text"), "z": Pair(np.ones(1), 3)})
    assert made["x"].tolist() == [1.0, 1.0]
    assert made["y"][0].item() == 1.0
    assert made["y"][1] == "text"
    assert made["z"].b == 3
