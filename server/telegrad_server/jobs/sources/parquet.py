"""Rows of Parquet files: split by row groups, read one group's columns at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.sources.arrow import column_of
from telegrad_server.jobs.sources.base import Batch, Source, require_columns


class ParquetSource:
    """Parquet."""

    def split(self, file: BinaryIO, name: str, shard_rows: int) -> Iterator[job_pb2.Shard]:
        """Row groups that follow each other; a group larger than a shard is one."""
        with _said(name):
            metadata = pq.ParquetFile(file).metadata
        first, groups, rows = 0, 0, 0
        for number in range(metadata.num_row_groups):
            size = metadata.row_group(number).num_rows
            if groups and rows + size > shard_rows:
                yield _shard(first, rows, number - groups, number)
                first, groups, rows = first + rows, 0, 0
            groups, rows = groups + 1, rows + size
        yield _shard(first, rows, metadata.num_row_groups - groups, metadata.num_row_groups)

    def read(
        self, file: BinaryIO, name: str, shard: job_pb2.Shard, columns: Sequence[str], batch_rows: int
    ) -> Iterator[Batch]:
        with _said(name):
            reader = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
            require_columns(name, columns, reader.schema_arrow.names)
            groups = range(shard.first_group, shard.end_group)
            batches = reader.iter_batches(
                batch_rows, row_groups=groups, columns=list(columns), use_threads=False
            )
            row = shard.first_row
            for batch in _full(batches, batch_rows):
                yield Batch(row, batch.num_rows, {c: column_of(batch.column(c)) for c in columns})
                row += batch.num_rows


def _shard(first: int, rows: int, first_group: int, end_group: int) -> job_pb2.Shard:
    return job_pb2.Shard(first_row=first, rows=rows, first_group=first_group, end_group=end_group)


def _full(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are all full but the last: the reader's end with every page."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        while count >= rows:
            table = pa.Table.from_batches(held)
            yield from _one(table.slice(0, rows))
            rest = table.slice(rows)
            held, count = rest.to_batches(), rest.num_rows
    if count:
        yield from _one(pa.Table.from_batches(held))


def _one(table: pa.Table) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
    return batches


@contextmanager
def _said(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name}: not to be read as Parquet: {error}", path=name) from error


SOURCES: Final[dict[str, Source]] = {".parquet": ParquetSource(), ".pq": ParquetSource()}
