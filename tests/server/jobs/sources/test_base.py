"""Which source a name asks for, and how rows are cut."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_proto.errors import DataError
from telegrad_server.jobs.sources import source_of
from telegrad_server.jobs.sources.base import exact, ranges, require_columns


@pytest.mark.parametrize("suffix", ["parquet", "pq", "csv", "tsv", "jsonl", "ndjson", "npy", "npz", "CSV"])
def test_a_name_says_its_format(suffix: str) -> None:
    source = source_of(f"s3://bucket/some.folder/x.{suffix}")
    assert callable(source.split)
    assert callable(source.read)


@pytest.mark.parametrize("url", ["x.pkl", "x", "x.parquet.gz", "x.csv/part-0"])
def test_an_unknown_format_is_said(url: str) -> None:
    with pytest.raises(DataError, match=r"requires a name that ends in one of \.parquet"):
        source_of(url)


@pytest.mark.parametrize(("rows", "shard_rows"), [(0, 5), (1, 5), (5, 5), (6, 5), (11, 5), (100, 7)])
def test_ranges_are_whole_and_even(rows: int, shard_rows: int) -> None:
    found = list(ranges(rows, shard_rows))
    assert [first for first, _ in found] == [sum(n for _, n in found[:k]) for k in range(len(found))]
    assert sum(n for _, n in found) == rows
    lengths = [n for _, n in found]
    assert max(lengths) <= shard_rows
    assert max(lengths) - min(lengths) <= 1


def test_missing_columns_are_named_with_what_is_there() -> None:
    require_columns("x", ["b", "a"], ["a", "b", "c"])
    with pytest.raises(DataError, match="no column 'z'; the file has 'a', 'b'") as raised:
        require_columns("x", ["a", "z"], ["a", "b"])
    assert raised.value.details["column"] == "z"
    with pytest.raises(DataError, match="the file has none"):
        require_columns("x", ["a"], [])


@pytest.mark.parametrize(
    "numbers",
    [
        [9007199254740993, -1, 2**63],
        [2**63 + 1, 1],
        [-(2**63) - 1, 10**20],
        [9007199254740993, 0.5],
        [9007199254740993, -1],
        [2**64 - 1, 2**63],
    ],
)
def test_no_integer_is_rounded(numbers: list[float]) -> None:
    found = exact(numbers)
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == numbers
