"""What every source of rows does, and which one a file's name asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
import numpy.typing as npt

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2

#: A column: an array with the rows as its first axis, or, where rows differ in form, one object a row.
Column = npt.NDArray[Any] | Sequence[Any]


#: Beyond it float64 does not have every integer.
LARGEST_EXACT: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that follow each other in a file.

    Attributes:
        first_row: which row of the file the first one is.
        columns: by name; what is missing in a row is None, or NaN where the column is of floats.
        unreadable: rows of which nothing could be read, by their place in the batch, with the reason; the
            columns hold something in their place.
    """

    first_row: int
    rows: int
    columns: Mapping[str, Column]
    unreadable: Mapping[int, str] = field(default_factory=dict)


class Source(Protocol):
    """Rows of one format."""

    def split(self, file: BinaryIO, name: str, shard_rows: int) -> Iterator[job_pb2.Shard]:
        """Ranges of at most about so many rows that make up the file; only the range is filled in."""

    def read(
        self, file: BinaryIO, name: str, shard: job_pb2.Shard, columns: Sequence[str], batch_rows: int
    ) -> Iterator[Batch]:
        """The range's rows, so many at a time, the last time fewer.

        Raises:
            DataError: a column is missing, which the details name, or the file is not of this format.
        """


_MODULES: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".jsonl": "jsonlines",
    ".ndjson": "jsonlines",
    ".npy": "arrays",
    ".npz": "arrays",
}


def source_of(url: str) -> Source:
    """The source for a file.

    Raises:
        DataError: its name ends in no known way.
    """
    suffix = PurePosixPath(url).suffix.lower()
    if suffix not in _MODULES:
        raise DataError(f"{url}: requires a name that ends in one of {', '.join(_MODULES)}", path=url)
    source: Source = import_module(f"telegrad_server.jobs.sources.{_MODULES[suffix]}").SOURCES[suffix]
    return source


def ranges(rows: int, shard_rows: int) -> Iterator[tuple[int, int]]:
    """First row and length of equal parts, none longer than asked for."""
    parts = max(1, -(-rows // shard_rows))
    for part in range(parts):
        first = rows * part // parts
        yield first, rows * (part + 1) // parts - first


def require_columns(name: str, wanted: Sequence[str], there: Sequence[str]) -> None:
    """Nothing, where all are there.

    Raises:
        DataError: one is not; the text lists what is, the details name the column.
    """
    for column in wanted:
        if column not in there:
            raise DataError(f"{name}: row 0: {no_column(column, there)}", path=name, row=0, column=column)


def no_column(column: str, there: Sequence[str], where: str = "file") -> str:
    """What is said of a column that is not there."""
    return f"there is no column {column!r}; the {where} has {', '.join(map(repr, there)) or 'none'}"


def exact(numbers: Sequence[float]) -> Column:
    """Integers and floats as an array, or as they are where an array would round integers."""
    if all(isinstance(n, int) for n in numbers):
        array = np.array(numbers)
        # Of both signs, one of them beyond 63 bits, NumPy makes floats.
        return array if array.dtype.kind in "biu" else numbers
    if any(isinstance(n, int) and abs(n) > LARGEST_EXACT for n in numbers):
        return numbers
    return np.array(numbers, np.float64)
