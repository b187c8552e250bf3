"""Data sets: samples by number, or one after the other."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from telegrad.making.creation import tensor
from telegrad.making.generator import Generator
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base of data sets; a subclass gives `__getitem__` and, for most uses, `__len__`."""

    def __getitem__(self, index: Any) -> T_co:
        raise TypeError(f"{type(self).__name__}: a data set gives its samples in __getitem__, and has none")

    def __add__(self, other: Dataset[Any]) -> Any:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Base of data sets without numbers; a subclass gives `__iter__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise TypeError(f"{type(self).__name__}: a data set gives its samples in __iter__, and has none")

    def __add__(self, other: Dataset[Any]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """The tensors' first dimension counts the samples.

    Raises:
        AssertionError: the tensors have different numbers of samples.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != each.size(0) for each in tensors):
            raise AssertionError("Size mismatch between tensors")  # torch's own class for it
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([each[index] for each in self.tensors])

    def __len__(self) -> int:
        return self.tensors[0].size(0)  # type: ignore[no-any-return]

    def _batch(self, indices: list[int]) -> list[Tensor]:
        """Samples together: the tensors stay where they are, only the numbers travel."""
        places = tensor(indices, dtype=int64)
        return [each[places] for each in self.tensors]


class StackDataset(Dataset[Any]):
    """Samples of several data sets side by side, in a tuple or, by keywords, in a dict.

    Raises:
        ArgumentError: no data sets, both kinds, or different lengths.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) is bool(kwargs):
            raise ArgumentError(
                "Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like input/output, "
                "but both types are given."
                if args
                else "At least one dataset should be passed"
            )
        self.datasets: Any = args or kwargs
        parts = list(args or kwargs.values())
        if any(len(part) != len(parts[0]) for part in parts):
            raise ArgumentError("Size mismatch between datasets")
        self._length = len(parts[0])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {key: part[index] for key, part in self.datasets.items()}
        return tuple([part[index] for part in self.datasets])

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[Any]):
    """Data sets one after the other.

    Raises:
        ArgumentError: none, or one without numbers.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("datasets should not be an empty iterable")
        if any(isinstance(part, IterableDataset) for part in self.datasets):
            raise ArgumentError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(part) for part in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ArgumentError("absolute value of index should not exceed dataset length")
            index += len(self)
        part = bisect.bisect_right(self.cumulative_sizes, index)
        if part == len(self.datasets):
            raise IndexError(f"index {index} is out of range: there are {len(self)} samples")
        return self.datasets[part][index - (self.cumulative_sizes[part - 1] if part else 0)]


class ChainDataset(IterableDataset[Any]):
    """Data sets without numbers, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)


class Subset(Dataset[Any]):
    """Some samples of a data set, by their numbers."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def __getattr__(self, name: str) -> Any:
        # Samples come together where those of the whole do.
        if name == "_batch" and hasattr(self.dataset, "_batch"):
            return lambda indices: self.dataset._batch([self.indices[i] for i in indices])
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset]:
    """The samples in random order, cut into pieces.

    Args:
        dataset: what to cut.
        lengths: of the pieces, or shares that add up to 1.
        generator: where the order comes from.

    Raises:
        ArgumentError: the lengths do not add up to the data set's.
    """
    count = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = []
        for i, share in enumerate(lengths):
            if share < 0 or share > 1:
                raise ArgumentError(f"Fraction at index {i} is not between 0 and 1")
            sizes.append(math.floor(count * share))
        for i in range(count - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    else:
        sizes = [int(length) for length in lengths]
    if sum(sizes) != count:
        raise ArgumentError("Sum of input lengths does not equal the length of the input dataset!")
    from telegrad.random import randperm

    order = randperm(count, generator=generator).tolist()
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
