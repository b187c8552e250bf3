"""Rows of .npy and .npz files: the first axis of each array. Pickled objects are refused."""

from __future__ import annotations

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.sources.base import Batch, Source, ranges, require_columns

#: What reading a damaged file raises: NumPy, the archive's directory, the ways in which members are packed.
_DAMAGES: Final = (
    ValueError,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,  # a member is locked, or packed in an unknown way
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)

#: The name of the only column that an .npy file has.
COLUMN: Final = "array"


@dataclass(slots=True)
class _Member:
    """An array in a file, read from its beginning to its end."""

    stream: IO[bytes]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def row_bytes(self) -> int:
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    def skip(self, rows: int) -> None:
        left = rows * self.row_bytes
        if self.stream.seekable():
            self.stream.seek(left, 1)
            return
        while left:
            left -= len(self.stream.read(min(left, 1 << 20))) or left

    def take(self, rows: int) -> npt.NDArray[Any]:
        raw = self.stream.read(rows * self.row_bytes)
        if len(raw) != rows * self.row_bytes:
            raise ValueError(f"requires {self.shape[0]} rows of {self.row_bytes} bytes, the file ends before")
        return np.frombuffer(raw, self.dtype).reshape(rows, *self.shape[1:])


def _member(stream: IO[bytes], name: str) -> _Member:
    """The array that begins here.

    Raises:
        ValueError: there is none, it holds Python objects, has no rows, or lies column by column.
    """
    version = npy.read_magic(stream)
    # A header is text that NumPy evaluates as a literal, bounded, and never as code.
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"{name}: format version {version} is not known")
    shape, by_columns, dtype = readers[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{name}: holds Python objects")
    if not shape:
        raise ValueError(f"{name}: requires an array with rows, got a single value")
    if by_columns and len(shape) > 1:
        raise ValueError(f"{name}: requires C order, the array lies in Fortran order")
    return _Member(stream, shape, dtype)


class NpySource:
    """One array, the column `array`."""

    @contextmanager
    def _members(
        self, file: BinaryIO, name: str, wanted: Sequence[str] | None
    ) -> Iterator[dict[str, _Member]]:
        require_columns(name, wanted or (), [COLUMN])
        yield {COLUMN: _member(file, COLUMN)}

    def split(self, file: BinaryIO, name: str, shard_rows: int) -> Iterator[job_pb2.Shard]:
        """Equal parts."""
        with _said(name), self._members(file, name, None) as members:
            lengths = {column: member.shape[0] for column, member in members.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{name}: requires arrays with equally many rows, got {lengths}", path=name)
        for first, rows in ranges(next(iter(lengths.values()), 0), shard_rows):
            yield job_pb2.Shard(first_row=first, rows=rows)

    def read(
        self, file: BinaryIO, name: str, shard: job_pb2.Shard, columns: Sequence[str], batch_rows: int
    ) -> Iterator[Batch]:
        with _said(name), self._members(file, name, columns) as members:
            for member in members.values():
                member.skip(shard.first_row)
            for done in range(0, shard.rows, batch_rows):
                rows = min(batch_rows, shard.rows - done)
                arrays = {column: member.take(rows) for column, member in members.items()}
                yield Batch(shard.first_row + done, rows, arrays)


class NpzSource(NpySource):
    """An archive of arrays, a column each."""

    @contextmanager
    def _members(
        self, file: BinaryIO, name: str, wanted: Sequence[str] | None
    ) -> Iterator[dict[str, _Member]]:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(file))
            entries = {entry.removesuffix(".npy"): entry for entry in archive.namelist()}
            require_columns(name, wanted or (), list(entries))
            chosen = entries if wanted is None else dict.fromkeys(wanted)
            streams = {c: stack.enter_context(archive.open(entries[c])) for c in chosen}
            yield {c: _member(s, c) for c, s in streams.items()}


@contextmanager
def _said(name: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except _DAMAGES as error:
        raise DataError(f"{name}: not to be read as NumPy's arrays: {error}", path=name) from error


SOURCES: Final[dict[str, Source]] = {".npy": NpySource(), ".npz": NpzSource()}
