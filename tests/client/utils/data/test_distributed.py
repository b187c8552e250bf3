"""Each of several processes its share of a data set."""

from __future__ import annotations

import pytest

from telegrad.utils.data import DistributedSampler

DATA = range(10)


def share(rank: int, replicas: int = 4, data: range = DATA, **settings: object) -> list[int]:
    sampler = DistributedSampler(data, replicas, rank, **settings)  # type: ignore[arg-type]
    found = list(sampler)
    assert len(found) == len(sampler)
    return found


def test_shares_in_order() -> None:
    assert [share(rank, shuffle=False) for rank in range(4)] == [[0, 4, 8], [1, 5, 9], [2, 6, 0], [3, 7, 1]]
    assert [share(rank, shuffle=False, drop_last=True) for rank in range(4)] == [
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
    ]
    assert [share(rank, 5, range(2), shuffle=False) for rank in range(5)] == [[0], [1], [0], [1], [0]]
    assert share(0, 2, range(0)) == []


def test_shuffled_shares_are_all_samples() -> None:
    found = [share(rank, 5, seed=3) for rank in range(5)]
    assert sorted(number for part in found for number in part) == list(DATA)
    assert found == [share(rank, 5, seed=3) for rank in range(5)]
    sampler = DistributedSampler(DATA, 1, 0, seed=3)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert sorted(sampler) == sorted(first)
    sampler.set_epoch(0)
    assert list(sampler) == first


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        DistributedSampler(DATA)
    with pytest.raises(ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"):
        share(2, 2)


@pytest.mark.torch
@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9])
@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_shares_are_those_of_torch(replicas: int, count: int, drop: bool) -> None:
    torch = pytest.importorskip("torch")
    if not count and drop:
        return  # torch counts -1 samples
    for rank in range(replicas):
        theirs = torch.utils.data.DistributedSampler(range(count), replicas, rank, False, drop_last=drop)
        if count:
            assert share(rank, replicas, range(count), shuffle=False, drop_last=drop) == list(theirs)
        assert len(DistributedSampler(range(count), replicas, rank, False, drop_last=drop)) == len(theirs)
