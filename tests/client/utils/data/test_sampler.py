"""In which order samples come."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import telegrad as tg
from telegrad.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def test_orders(messages: Callable[[], int]) -> None:
    data = range(20)
    assert list(SequentialSampler(data)) == list(data)
    sampler = RandomSampler(data, generator=tg.Generator().manual_seed(0))
    messages()
    first, second = list(sampler), list(sampler)
    assert messages() == 2
    assert sorted(first) == sorted(second) == list(data)
    assert first != second
    assert list(RandomSampler(data, generator=tg.Generator().manual_seed(0))) == first
    assert len(list(RandomSampler(data, num_samples=50))) == 50
    drawn = list(RandomSampler(data, replacement=True, num_samples=60))
    assert len(drawn) == 60
    assert set(drawn) <= set(data)
    assert sorted(SubsetRandomSampler([3, 5, 9])) == [3, 5, 9]
    assert set(WeightedRandomSampler([0.0, 1.0, 0.0], 5)) == {1}
    assert sorted(WeightedRandomSampler([0.1, 1.0, 0.3], 3, replacement=False)) == [0, 1, 2]


def test_batches() -> None:
    batches = BatchSampler(SequentialSampler(range(7)), 3, False)
    assert list(batches) == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(batches) == 3
    full = BatchSampler(SequentialSampler(range(7)), 3, True)
    assert list(full) == [[0, 1, 2], [3, 4, 5]]
    assert len(full) == 2


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="batch_size should be a positive integer"):
        BatchSampler(range(3), 0, False)
    with pytest.raises(ValueError, match="drop_last should be a boolean"):
        BatchSampler(range(3), 1, 1)
    with pytest.raises(ValueError, match="num_samples should be a positive integer"):
        RandomSampler([])
    with pytest.raises(TypeError, match="replacement should be a boolean"):
        RandomSampler([1], replacement=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1d sequence"):
        WeightedRandomSampler(tg.ones(2, 2), 1)
    with pytest.raises(TypeError, match="in __iter__"):
        iter(Sampler())
