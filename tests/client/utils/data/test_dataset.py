"""Data sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import telegrad as tg
from telegrad.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Squares(Dataset[int]):
    def __init__(self, count: int) -> None:
        self.count = count

    def __getitem__(self, index: int) -> int:
        return index * index

    def __len__(self) -> int:
        return self.count


class Count(IterableDataset):
    def __iter__(self) -> Iterator[int]:
        return iter(range(3))

    def __len__(self) -> int:
        return 3


def test_tensors_side_by_side() -> None:
    data = TensorDataset(tg.arange(6).reshape(3, 2), tg.tensor([5, 6, 7]))
    assert len(data) == 3
    assert [part.tolist() for part in data[1]] == [[2, 3], 6]
    assert [part.tolist() for part in data[0:2]] == [[[0, 1], [2, 3]], [5, 6]]
    with pytest.raises(AssertionError, match="Size mismatch"):
        TensorDataset(tg.ones(2), tg.ones(3))


def test_one_after_the_other() -> None:
    both = Squares(3) + Squares(2)
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(len(both))] == [0, 1, 4, 0, 1]
    assert both[-1] == 1
    with pytest.raises(ValueError, match="should not exceed"):
        both[-6]
    with pytest.raises(IndexError, match="out of range"):
        both[5]
    with pytest.raises(ValueError, match="empty iterable"):
        ConcatDataset([])
    with pytest.raises(ValueError, match="does not support IterableDataset"):
        ConcatDataset([Count()])
    chain = Count() + Count()
    assert isinstance(chain, ChainDataset)
    assert list(chain) == [0, 1, 2, 0, 1, 2]
    assert len(chain) == 6


def test_side_by_side() -> None:
    assert StackDataset(Squares(3), Squares(3))[2] == (4, 4)
    assert StackDataset(a=Squares(3), b=Squares(3))[1] == {"a": 1, "b": 1}
    with pytest.raises(ValueError, match="Size mismatch"):
        StackDataset(Squares(3), Squares(2))
    with pytest.raises(ValueError, match="At least one"):
        StackDataset()


def test_some_samples() -> None:
    some = Subset(Squares(9), [8, 2])
    assert [some[0], some[1], len(some)] == [64, 4, 2]
    assert not hasattr(some, "_batch")
    assert hasattr(Subset(TensorDataset(tg.ones(3)), [1]), "_batch")


def test_random_pieces() -> None:
    generator = tg.Generator().manual_seed(1)
    a, b = random_split(Squares(10), [7, 3], generator)
    assert sorted([*a.indices, *b.indices]) == list(range(10))
    again = random_split(Squares(10), [0.7, 0.3], tg.Generator().manual_seed(1))
    assert [list(part.indices) for part in again] == [list(a.indices), list(b.indices)]
    with pytest.raises(ValueError, match="Sum of input lengths"):
        random_split(Squares(10), [7, 4])
    with pytest.raises(ValueError, match="Fraction at index 0"):
        random_split(Squares(10), [-0.5, 1.5])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(Squares(1), [0.5, 0.5])


def test_bases_say_what_is_missing() -> None:
    with pytest.raises(TypeError, match="in __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="in __iter__"):
        iter(IterableDataset())
