"""Rows of CSV and TSV files with a header: split between lines, never within a quoted value."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.sources.arrow import column_of, may_round
from telegrad_server.jobs.sources.base import LARGEST_EXACT, Batch, Column, Source, exact, require_columns

_BLOCK_BYTES: Final = 1 << 22
_QUOTE: Final = ord('"')
_NEWLINE: Final = ord("\n")

#: Longer values are no numbers, and a file without line ends is no table.
_MAX_HEADER_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DelimitedSource:
    """Values between delimiters, quoted with `"` where need be, the columns' names in the first line.

    Attributes:
        delimiter: one character.
    """

    delimiter: str

    def split(self, file: BinaryIO, name: str, shard_rows: int) -> Iterator[job_pb2.Shard]:
        """Ranges of bytes; the whole file is looked through once, at the speed of counting its quotes."""
        with _said(name):
            start = _header_end(file, name)
            first, rows, begin, end = 0, 0, start, start
            for end in _line_ends(file, start):
                rows += 1
                if rows == shard_rows:
                    yield job_pb2.Shard(first_row=first, rows=rows, first_byte=begin, end_byte=end)
                    first, rows, begin = first + rows, 0, end
            if rows or not first:
                yield job_pb2.Shard(first_row=first, rows=rows, first_byte=begin, end_byte=end)

    def read(
        self, file: BinaryIO, name: str, shard: job_pb2.Shard, columns: Sequence[str], batch_rows: int
    ) -> Iterator[Batch]:
        with _said(name):
            header = file.read(_header_end(file, name)) if file.seek(0) == 0 else b""
            there = next(csv.reader([header.decode("utf-8-sig")], delimiter=self.delimiter), [])
            require_columns(name, columns, there)
            for first, raw, rows in _pieces(file, shard, batch_rows):
                fast = self._numbers(there, raw, columns)
                if fast is not None and fast.num_rows == rows and not may_round(fast):
                    yield Batch(first, rows, {c: column_of(fast.column(c).combine_chunks()) for c in columns})
                else:
                    yield self._slowly(there, raw, first, rows, columns)

    def _numbers(self, there: Sequence[str], raw: bytes, columns: Sequence[str]) -> pa.Table | None:
        """The columns as numbers; None where something else stands in them."""
        try:
            return pa_csv.read_csv(
                io.BytesIO(raw),
                read_options=pa_csv.ReadOptions(column_names=list(there), use_threads=False),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=False
                ),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(columns), column_types=dict.fromkeys(columns, pa.float64())
                ),
            )
        except pa.ArrowException:
            return None

    def _slowly(
        self, there: Sequence[str], raw: bytes, first: int, rows: int, columns: Sequence[str]
    ) -> Batch:
        """Value by value, so that what is wrong with a row is known of that row."""
        places = {column: there.index(column) for column in columns}
        found: dict[str, list[Any]] = {column: [] for column in columns}
        unreadable: dict[int, str] = {}
        for number, line in enumerate(_records(raw, rows)):
            try:
                values = next(csv.reader(io.StringIO(line, newline=""), delimiter=self.delimiter), [])
                reason = f"requires {len(there)} values, got {len(values)}"
            except csv.Error as error:  # a value that is longer than any number
                values, reason = [], str(error)
            if len(values) != len(there):
                unreadable[number] = reason
                values = [""] * len(there)
            for column, place in places.items():
                found[column].append(_number(values[place]))
        return Batch(first, rows, {c: _together(v) for c, v in found.items()}, unreadable)


def _records(raw: bytes, rows: int) -> Iterator[str]:
    """The lines of a piece, quoted line ends within them."""
    begin = 0
    for end in islice(_ends_in(raw, 0, False)[0], rows):
        yield raw[begin:end].decode("utf-8", "replace")
        begin = end
    if begin < len(raw):
        yield raw[begin:].decode("utf-8", "replace")


def _number(text: str) -> float | str | None:
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text)
        if LARGEST_EXACT <= abs(value) < math.inf and text.lstrip("+-").isdecimal():
            return int(text)
        return value
    except ValueError:
        return text


def _together(values: list[Any]) -> Column:
    return exact(values) if all(isinstance(v, (int, float)) for v in values) else values


def _header_end(file: BinaryIO, name: str) -> int:
    """Where the first line ends."""
    file.seek(0)
    line = file.readline(_MAX_HEADER_BYTES)
    file.seek(0)
    if not line.strip():
        raise DataError(f"{name}: requires a first line with the columns' names", path=name)
    return len(line)


def _ends_in(block: bytes, offset: int, quoted: bool) -> tuple[list[int], bool]:
    """Where lines end in a block, and whether its end is inside quotes. A doubled quote changes nothing."""
    values = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(values == _NEWLINE)
    if quoted or _QUOTE in block:
        quotes = np.cumsum(values == _QUOTE)
        ends = ends[(quotes[ends] + quoted) % 2 == 0]
        quoted = bool((int(quotes[-1]) + quoted) % 2)
    return (ends + (offset + 1)).tolist(), quoted


def _line_ends(file: BinaryIO, start: int) -> Iterator[int]:
    """Where each line after the header ends, the last one's perhaps without a line end. Blank lines count."""
    file.seek(start)
    offset, quoted, end = start, False, start
    while block := file.read(_BLOCK_BYTES):
        ends, quoted = _ends_in(block, offset, quoted)
        yield from ends
        end = ends[-1] if ends else end
        offset += len(block)
    if offset > end:
        yield offset


def _pieces(file: BinaryIO, shard: job_pb2.Shard, batch_rows: int) -> Iterator[tuple[int, bytes, int]]:
    """First row, bytes and number of rows of each batch; no more than a batch and a block are in memory."""
    file.seek(shard.first_byte)
    held, ends, quoted, first = b"", list[int](), False, shard.first_row
    left = shard.end_byte - shard.first_byte
    while left:
        block = file.read(min(_BLOCK_BYTES, left))
        if not block:
            raise DataError("the file ends before the shard does")
        found, quoted = _ends_in(block, len(held), quoted)
        held, left, ends = held + block, left - len(block), ends + found
        if not left and (not ends or ends[-1] < len(held)):
            ends.append(len(held))
        cut = begin = 0
        while len(ends) - begin >= batch_rows or (not left and begin < len(ends)):
            rows = min(batch_rows, len(ends) - begin)
            end = ends[begin + rows - 1]
            yield first, held[cut:end], rows
            first, begin, cut = first + rows, begin + rows, end
        held, ends = held[cut:], [end - cut for end in ends[begin:]]


@contextmanager
def _said(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not to be read as a table of values: {error}", path=name) from error


SOURCES: Final[dict[str, Source]] = {".csv": DelimitedSource(","), ".tsv": DelimitedSource("\t")}
