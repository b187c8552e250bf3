"""The threads that make batches ahead, as the code of data sets sees them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One thread of a DataLoader.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: another one for each thread, for random numbers of the data set's own.
        dataset: the loader's, shared by all threads.
        rng: none: telegrad's own random numbers have one generator a process.
        worker_method: threads.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: None = None
    worker_method: str = "thread"


class _Here(threading.local):
    info: WorkerInfo | None = None


_HERE = _Here()


def enter(info: WorkerInfo) -> None:
    """Makes the calling thread this worker."""
    _HERE.info = info


def get_worker_info() -> WorkerInfo | None:
    """The DataLoader's thread that asks; None in any other."""
    return _HERE.info
