"""Each of several processes its share of a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any

from telegrad.making.generator import Generator
from telegrad.random import randperm
from telegrad.utils.data.sampler import Sampler
from telegrad_proto.errors import ArgumentError


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th number from the `rank`-th on: shares of one size, together all samples.

    Args:
        dataset: tells how many samples there are.
        num_replicas: how many shares.
        rank: which share, from 0.
        shuffle: in random order, the same for all shares, another one each epoch; see `set_epoch`.
        seed: of that order.
        drop_last: leave out what does not go into shares of one size; by default some numbers come twice.

    Raises:
        ArgumentError: shares or rank are not told (telegrad has no process groups), or do not fit.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ArgumentError(
                "Default process group has not been initialized, please make sure to call init_process_group."
            )
        if not 0 <= rank < num_replicas:
            raise ArgumentError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas, self.rank = num_replicas, rank
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        self.epoch = 0
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else -(-count // num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        order: list[Any] = list(range(len(self.dataset)))
        if self.shuffle:
            draw = Generator().manual_seed(self.seed + self.epoch)
            order = randperm(len(order), generator=draw).tolist()
        while 0 < len(order) < self.total_size:
            order += order[: self.total_size - len(order)]
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Chooses another order, the same in all processes that choose this epoch."""
        self.epoch = epoch
