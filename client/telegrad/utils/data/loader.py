"""Batches of a data set, one after the other."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from telegrad.making.generator import Generator, default_generator
from telegrad.utils.data.collate import default_collate, default_convert
from telegrad.utils.data.dataset import IterableDataset
from telegrad.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from telegrad.utils.data.worker import WorkerInfo, enter
from telegrad_proto.errors import ArgumentError


class DataLoader:
    """Goes through a data set in batches.

    Batches of a TensorDataset are picked where its tensors are: only the samples' numbers travel.

    Args:
        dataset: samples by number, or one after the other.
        batch_size: samples of a batch; None gives them one by one.
        shuffle: in random order, another one each time.
        sampler: gives the order, in place of `shuffle`.
        batch_sampler: gives the numbers of each batch, in place of all of these.
        num_workers: threads that make batches ahead; 0 makes each when it is asked for.
        collate_fn: makes a batch of a list of samples.
        pin_memory: accepted: there is no other device to copy to.
        drop_last: leave out a last batch that is not full.
        timeout: seconds to wait for a batch of the threads; 0 waits for ever.
        worker_init_fn: called in each thread with its number.
        multiprocessing_context: accepted: threads need none.
        generator: where the order comes from.
        prefetch_factor: batches made ahead by each thread; 2 by default.
        persistent_workers: accepted: threads are quickly made.
        pin_memory_device: accepted.
        in_order: accepted: batches always come in order.

    Raises:
        ArgumentError: settings that exclude each other, or out of range.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ArgumentError(
                "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
            )
        if timeout < 0:
            raise ArgumentError("timeout option should be non-negative")
        if not num_workers and prefetch_factor is not None:
            raise ArgumentError(
                "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to "
                "enable multiprocessing, otherwise set prefetch_factor to None."
            )
        if persistent_workers and not num_workers:
            raise ArgumentError("persistent_workers option needs num_workers > 0")
        self._without_numbers = isinstance(dataset, IterableDataset)
        if self._without_numbers and (shuffle or sampler is not None or batch_sampler is not None):
            raise ArgumentError(
                "DataLoader with IterableDataset: expected unspecified shuffle, sampler and batch_sampler "
                f"option, but got shuffle={shuffle}, sampler={sampler}, batch_sampler={batch_sampler}"
            )
        if sampler is not None and shuffle:
            raise ArgumentError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ArgumentError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                    "drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ArgumentError(
                "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.num_workers = num_workers
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.prefetch_factor = prefetch_factor if prefetch_factor is not None or not num_workers else 2
        self.generator = generator
        if sampler is None and not self._without_numbers:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        if batch_size is not None and batch_sampler is None and sampler is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        batched = batch_sampler is not None or (self._without_numbers and batch_size is not None)
        self._batched = batched
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)

    def __len__(self) -> int:
        if self._without_numbers:
            count = len(self.dataset)
            if self.batch_size is None:
                return count
            return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        if self._without_numbers:
            return map(self.collate_fn, self._groups())
        order: Iterable[Any] = self.batch_sampler if self.batch_sampler is not None else self.sampler or ()
        if self.num_workers:
            return self._ahead(iter(order))
        return map(self._load, order)

    def _groups(self) -> Iterator[Any]:
        """The samples of a data set without numbers, as many as make a batch."""
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from samples
            return
        while group := list(itertools.islice(samples, self.batch_size)):
            if len(group) < self.batch_size and self.drop_last:
                return
            yield group

    def _load(self, numbers: Any) -> Any:
        """The batch, or the sample, of these numbers."""
        if not self._batched:
            return self.collate_fn(self.dataset[numbers])
        if self.collate_fn is default_collate and hasattr(self.dataset, "_batch"):
            return self.dataset._batch(list(numbers))
        if hasattr(self.dataset, "__getitems__"):
            return self.collate_fn(self.dataset.__getitems__(list(numbers)))
        return self.collate_fn([self.dataset[number] for number in numbers])

    def _ahead(self, order: Iterator[Any]) -> Iterator[Any]:
        """The batches in order, some of them made before they are asked for."""
        waiting: deque[Future[Any]] = deque()
        numbers = itertools.count()

        def start() -> None:
            number = next(numbers)
            seed = (self.generator or default_generator).initial_seed() + number
            enter(WorkerInfo(number, self.num_workers, seed, self.dataset))
            if self.worker_init_fn is not None:
                self.worker_init_fn(number)

        pool = ThreadPoolExecutor(self.num_workers, "telegrad-data", initializer=start)
        try:
            for chosen in itertools.islice(order, self.num_workers * (self.prefetch_factor or 2)):
                waiting.append(pool.submit(self._load, chosen))
            while waiting:
                made = waiting.popleft().result(self.timeout or None)
                for chosen in itertools.islice(order, 1):
                    waiting.append(pool.submit(self._load, chosen))
                yield made
        finally:
            pool.shutdown(cancel_futures=True)
