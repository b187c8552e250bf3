"""The threads that make batches ahead, as the code of data sets sees them."""

from __future__ import annotations

from typing import Any

import telegrad as tg
from telegrad.utils.data import DataLoader, Dataset, get_worker_info


class Asking(Dataset[Any]):
    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: Any) -> Any:
        return index, get_worker_info()


def test_a_thread_knows_its_number() -> None:
    tg.manual_seed(5)
    seen: list[Any] = []
    data = Asking()
    loader = DataLoader(
        data,
        batch_size=None,
        num_workers=2,
        worker_init_fn=lambda number: seen.append((number, get_worker_info())),
    )
    for index, info in loader:
        assert index in range(8)
        assert info.dataset is data
        assert info.num_workers == 2
        assert (info.id, info) in seen
    assert sorted(number for number, _ in seen) == list(range(len(seen)))
    assert len({info.seed for _, info in seen}) == len(seen)
    assert get_worker_info() is None


def test_without_threads_there_is_no_worker() -> None:
    assert all(info is None for _, info in DataLoader(Asking(), batch_size=None))
