"""Parquet: row groups, columns of every kind, and what is no Parquet."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from telegrad_proto.errors import DataError
from telegrad_server.jobs.sources.parquet import SOURCES
from tests.server.jobs.sources.reading import batches, column

SOURCE = SOURCES[".parquet"]


def _raw(table: pa.Table, group: int = 3) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=group)
    return file.getvalue()


@pytest.mark.parametrize("rows", [0, 1, 3, 7, 20])
@pytest.mark.parametrize("batch_rows", [1, 2, 4, 50])
def test_all_rows_come_once_and_in_order(rows: int, batch_rows: int) -> None:
    raw = _raw(pa.table({"a": range(rows), "b": [float(n) for n in range(rows)]}))
    found = batches(SOURCE, raw, ["b", "a"], shard_rows=7, batch_rows=batch_rows)
    assert column(found, "a") == list(range(rows))
    assert column(found, "b") == [float(n) for n in range(rows)]


def test_shards_are_row_groups() -> None:
    raw = _raw(pa.table({"a": range(20)}), group=3)
    shards = list(SOURCE.split(io.BytesIO(raw), "x", 7))
    assert [(s.first_group, s.end_group, s.rows) for s in shards] == [
        (0, 2, 6),
        (2, 4, 6),
        (4, 6, 6),
        (6, 7, 2),
    ]
    assert [s.rows for s in SOURCE.split(io.BytesIO(raw), "x", 1)] == [3] * 6 + [2]


def test_batches_are_full_whatever_the_groups() -> None:
    raw = _raw(pa.table({"a": range(20)}), group=3)
    assert [b.rows for b in batches(SOURCE, raw, ["a"], shard_rows=100, batch_rows=8)] == [8, 8, 4]


def test_what_is_no_parquet_is_said() -> None:
    with pytest.raises(DataError, match="not to be read as Parquet"):
        list(SOURCE.split(io.BytesIO(b"a,b\n1,2\n"), "x.parquet", 5))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no column 'z'"):
        batches(SOURCE, _raw(pa.table({"a": [1]})), ["z"])
