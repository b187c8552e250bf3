"""Rows of JSON lines: an object a line, its members the columns; a member may be a nested list."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.json as pa_json

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.sources.arrow import column_of, may_round
from telegrad_server.jobs.sources.base import Batch, Column, Source, exact, no_column

_BLOCK_BYTES: Final = 1 << 22

#: An object that holds arrays of NumPy's 64 axes at most. Arrow overruns its stack in very deep values.
_DEEPEST: Final = 65

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.?)*"?', re.DOTALL)


class JsonLinesSource:
    """JSON lines. Blank lines are rows that cannot be read, so that rows are counted as an editor does."""

    def split(self, file: BinaryIO, name: str, shard_rows: int) -> Iterator[job_pb2.Shard]:
        """Ranges of bytes; the file is looked through once for its line ends."""
        first, rows, begin, end = 0, 0, 0, 0
        try:
            for end in _line_ends(file):
                rows += 1
                if rows == shard_rows:
                    yield job_pb2.Shard(first_row=first, rows=rows, first_byte=begin, end_byte=end)
                    first, rows, begin = first + rows, 0, end
        except OSError as error:
            raise DataError(f"{name}: {error}", path=name) from error
        if rows or not first:
            yield job_pb2.Shard(first_row=first, rows=rows, first_byte=begin, end_byte=end)

    def read(
        self, file: BinaryIO, name: str, shard: job_pb2.Shard, columns: Sequence[str], batch_rows: int
    ) -> Iterator[Batch]:
        file.seek(shard.first_byte)
        for done in range(0, shard.rows, batch_rows):
            rows = min(batch_rows, shard.rows - done)
            try:
                lines = [file.readline() for _ in range(rows)]
            except OSError as error:
                raise DataError(f"{name}: {error}", path=name) from error
            first = shard.first_row + done
            found = _fast(lines, columns)
            yield Batch(first, rows, found) if found is not None else _slowly(lines, first, columns)


def _fast(lines: list[bytes], columns: Sequence[str]) -> dict[str, Column] | None:
    """The columns where all lines are objects that agree in form; None where they may not."""
    raw = b"".join(lines)
    if not _shallow(raw, lines):
        return None
    try:
        table = pa_json.read_json(
            io.BytesIO(raw),
            read_options=pa_json.ReadOptions(
                use_threads=False, block_size=max(1 << 20, 2 * sum(map(len, lines)))
            ),
        )
    except pa.ArrowException:
        return None
    try:
        there = table.column_names
    except UnicodeDecodeError:
        return None
    if table.num_rows != len(lines) or any(column not in there for column in columns):
        return None
    table = table.select(columns)
    if any(column.null_count for column in table.columns) or may_round(table):
        return None  # null, or no such member
    return {column: column_of(table.column(column).combine_chunks()) for column in columns}


def _shallow(raw: bytes, lines: list[bytes]) -> bool:
    """Whether Arrow can be given the lines."""
    # Within whatever is open, `{` right after `}` is an error: so nothing goes on from line to line.
    seams = raw.count(b"}\n{") + raw.count(b"}\r\n{")
    if seams != len(lines) - 1 or not raw.startswith(b"{"):
        return False
    if raw.count(b"{") + raw.count(b"[") < len(lines) + _DEEPEST:
        return True
    return all(_depth(line) <= _DEEPEST for line in lines)


def _depth(line: bytes) -> int:
    """How deep values lie in one another, or more where that is little anyway."""
    opened = line.count(b"{") + line.count(b"[")
    if opened <= _DEEPEST:
        return opened
    signs = np.frombuffer(_STRING.sub(b"", line), np.uint8) | 0x20  # of [ and { alike, and of ] and }
    steps = (signs == ord("{")).astype(np.int32) - (signs == ord("}"))
    return int(steps.cumsum().max(initial=0))


def _slowly(lines: list[bytes], first: int, columns: Sequence[str]) -> Batch:
    """Line by line, so that what is wrong with a row is known of that row."""
    found: dict[str, list[Any]] = {column: [] for column in columns}
    unreadable: dict[int, str] = {}
    for number, line in enumerate(lines):
        row, reason = _object(line)
        missing = [column for column in columns if column not in row]
        if reason or missing:
            unreadable[number] = reason or no_column(missing[0], list(row), "row")
        for column in columns:
            found[column].append(row.get(column))
    return Batch(first, len(lines), {c: _together(v) for c, v in found.items()}, unreadable)


def _object(line: bytes) -> tuple[dict[str, Any], str]:
    """The line's object, or what is wrong with the line."""
    try:
        row = json.loads(line)
    except RecursionError:
        return {}, "no JSON: values lie too deep in one another"
    except ValueError as error:
        return {}, f"no JSON: {error}" if line.strip() else "an empty line"
    return (row, "") if isinstance(row, dict) else ({}, f"requires an object, got {type(row).__name__}")


def _together(values: list[Any]) -> Column:
    return (
        exact(values)
        if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
        else values
    )


def _line_ends(file: BinaryIO) -> Iterator[int]:
    """Where each line ends, the last one's perhaps without a line end."""
    file.seek(0)
    offset = end = 0
    while block := file.read(_BLOCK_BYTES):
        for end in (np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + (offset + 1)).tolist():
            yield end
        offset += len(block)
    if offset > end:
        yield offset


SOURCES: Final[dict[str, Source]] = {".jsonl": JsonLinesSource(), ".ndjson": JsonLinesSource()}
