"""Reads a whole file through a source, shard by shard, for tests of sources."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad_server.jobs.sources import Source
from telegrad_server.jobs.sources.base import Batch


def batches(
    source: Source, raw: bytes, columns: Sequence[str], *, shard_rows: int = 5, batch_rows: int = 2
) -> list[Batch]:
    """Every batch of the file; that the shards' rows add up is asserted."""
    found = []
    at = 0
    for shard in source.split(io.BytesIO(raw), "file", shard_rows):
        assert shard.first_row == at
        rows = 0
        for batch in source.read(io.BytesIO(raw), "file", shard, columns, batch_rows):
            assert batch.first_row == at + rows
            assert 0 < batch.rows <= batch_rows
            assert all(len(column) == batch.rows for column in batch.columns.values())
            rows += batch.rows
            found.append(batch)
        assert rows == shard.rows
        at += rows
    return found


def column(found: Sequence[Batch], name: str) -> list[Any]:
    """All of a column, as Python's objects."""
    values: list[Any] = []
    for batch in found:
        part = batch.columns[name]
        values += part.tolist() if isinstance(part, np.ndarray) else list(part)
    return values


def unreadable(found: Sequence[Batch]) -> dict[int, str]:
    """The rows that could not be read, by their number in the file."""
    return {batch.first_row + place: why for batch in found for place, why in batch.unreadable.items()}
