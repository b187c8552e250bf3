"""Data sets, samplers and batches, by torch's names."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.recording.registry import absent as _absent
from telegrad.utils.data.collate import default_collate, default_convert
from telegrad.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from telegrad.utils.data.distributed import DistributedSampler
from telegrad.utils.data.loader import DataLoader
from telegrad.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from telegrad.utils.data.worker import get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.utils.data'", "torch.utils.data", name)
