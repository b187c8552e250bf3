"""Batches, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest

import telegrad as tg
from telegrad.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, Subset, TensorDataset


class Count(IterableDataset):
    def __iter__(self) -> Iterator[int]:
        return iter(range(7))

    def __len__(self) -> int:
        return 7


def data() -> TensorDataset:
    return TensorDataset(tg.arange(14.0).reshape(7, 2), tg.arange(7))


def labels(loader: DataLoader) -> list[list[int]]:
    return [y.tolist() for _, y in loader]


def test_batches_in_order() -> None:
    assert labels(DataLoader(data(), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert labels(DataLoader(data(), 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    assert labels(DataLoader(Subset(data(), [5, 1, 3]), 2)) == [[5, 1], [3]]
    assert [len(DataLoader(data(), 3)), len(DataLoader(data(), 3, drop_last=True))] == [3, 2]
    x, y = next(iter(DataLoader(data(), 2)))
    assert x.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert y.dtype is tg.int64


def test_shuffled() -> None:
    loader = DataLoader(data(), 2, shuffle=True, generator=tg.Generator().manual_seed(5))
    first, second = labels(loader), labels(loader)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(7))
    assert first != second
    again = DataLoader(data(), 2, shuffle=True, generator=tg.Generator().manual_seed(5))
    assert labels(again) == first


def test_an_epoch_sends_only_numbers(messages: Callable[[], int]) -> None:
    x = tg.ones(1, dtype=tg.float64, requires_grad=True)
    big = TensorDataset(tg.ones(4000, 16, dtype=tg.float64))
    loader = DataLoader(big, 100)
    messages()
    for (batch,) in loader:
        (batch * x).sum().backward()
    assert messages() == 40
    tg.synchronize()
    log = list(tg.current_session().log.messages)
    assert sum(m.sent_bytes for m in log[1:]) < 40 * 3000
    assert [m.plan_cached for m in log[3:40]] == [True] * 37


def test_samples_one_by_one_and_other_batches() -> None:
    assert [y.item() for _, y in DataLoader(data(), batch_size=None)] == list(range(7))
    batches = BatchSampler(range(6, -1, -1), 4, False)
    assert labels(DataLoader(data(), batch_sampler=batches)) == [[6, 5, 4, 3], [2, 1, 0]]
    assert labels(DataLoader(data(), 2, sampler=[3, 1, 2])) == [[3, 1], [2]]
    assert [sum(part) for part in DataLoader([1, 2, 3, 4, 5], 2, collate_fn=list)] == [3, 7, 5]


def test_without_numbers() -> None:
    assert [batch.tolist() for batch in DataLoader(Count(), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert (
        len(list(DataLoader(Count(), 3, drop_last=True))) == len(DataLoader(Count(), 3, drop_last=True)) == 2
    )
    assert list(DataLoader(Count(), None)) == list(range(7))
    assert len(DataLoader(Count(), None)) == 7


def test_threads_make_batches_ahead_and_end() -> None:
    class Named(Dataset):
        def __getitem__(self, index: int) -> tuple[int, str]:
            return index, threading.current_thread().name

        def __len__(self) -> int:
            return 20

    started: list[int] = []
    loader = DataLoader(Named(), 3, num_workers=2, worker_init_fn=started.append)
    found: list[Any] = list(loader)
    assert [n for numbers, _ in found for n in numbers.tolist()] == list(range(20))
    assert all(name.startswith("telegrad-data") for _, names in found for name in names)
    assert set(started) <= {0, 1}
    ahead = iter(loader)
    next(ahead)
    ahead.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("telegrad-data")]


def test_an_error_in_a_thread_is_raised_here() -> None:
    class Broken(Dataset):
        def __getitem__(self, index: int) -> int:
            raise LookupError(f"no sample {index}")

        def __len__(self) -> int:
            return 4

    with pytest.raises(LookupError, match="no sample 0"):
        list(DataLoader(Broken(), num_workers=1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_workers": -1}, "non-negative"),
        ({"timeout": -1}, "timeout option"),
        ({"prefetch_factor": 2}, "prefetch_factor option"),
        ({"persistent_workers": True}, "persistent_workers option"),
        ({"sampler": [0], "shuffle": True}, "mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "disables auto-batching"),
        ({"batch_size": 0}, "batch_size should be a positive integer"),
    ],
)
def test_settings_that_exclude_each_other(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DataLoader(data(), **settings)


def test_no_order_for_what_has_no_numbers() -> None:
    with pytest.raises(ValueError, match="IterableDataset: expected unspecified shuffle"):
        DataLoader(Count(), shuffle=True)
