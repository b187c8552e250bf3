"""Tables of results, written as they come: Parquet, or NumPy's archive of arrays."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib import format as npy

from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import files

Table = Mapping[str, npt.NDArray[Any]]

#: A zip archive's own idea of the beginning of time: the same results are then the same bytes.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class Part(Protocol):
    """A table in the making. Left without `finish`, it was never there."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def add(self, table: Table) -> None:
        """Appends rows: arrays with equally many, the same columns each time."""

    def finish(self, url: str) -> bytes:
        """Puts the table in its place, whole; the digest of its bytes."""


def new_part(form: job_pb2.ResultFormat) -> Part:
    """A table of the wanted format."""
    return NpzPart() if form == job_pb2.RESULT_FORMAT_NPZ else ParquetPart()


def suffix(form: job_pb2.ResultFormat) -> str:
    """How a file of the format ends."""
    return ".npz" if form == job_pb2.RESULT_FORMAT_NPZ else ".parquet"


class _Spooled:
    """What both formats share: temporary files that go with the part."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._spool = self._file()

    def _file(self) -> Any:
        """A temporary file that goes with the part."""
        return self._stack.enter_context(tempfile.TemporaryFile())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _put(self, url: str) -> bytes:
        self._spool.seek(0)
        digest = hashlib.file_digest(self._spool, hashlib.sha256).digest()
        self._spool.seek(0)
        files.write_with(url, lambda file: shutil.copyfileobj(self._spool, file, 1 << 20))
        return digest


class ParquetPart(_Spooled):
    """A row group for what was added each time; a value with a shape is a fixed-size list, nested."""

    def __init__(self) -> None:
        super().__init__()
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: Table) -> None:
        arrays = {name: _arrow(array) for name, array in table.items()}
        record = pa.table(arrays)
        if self._writer is None:
            self._writer = self._stack.enter_context(pq.ParquetWriter(self._spool, record.schema))
        self._writer.write_table(record)

    def finish(self, url: str) -> bytes:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._spool, pa.schema([]))
        self._writer.close()
        return self._put(url)


def _arrow(array: npt.NDArray[Any]) -> pa.Array:
    """The rows of an array. A complex number, which Arrow does not have, is a pair (real, imaginary)."""
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    for length in reversed(array.shape[1:]):
        flat = pa.FixedSizeListArray.from_arrays(flat, length) if length else pa.nulls(0)
    if 0 in array.shape[1:]:
        return pa.array([[]] * len(array), pa.list_(flat.type))
    return flat


class NpzPart(_Spooled):
    """An array a column, its rows spooled one after the other until their number is known."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[str, tuple[IO[bytes], np.dtype[Any], tuple[int, ...]]] = {}
        self._rows = 0

    def add(self, table: Table) -> None:
        for name, array in table.items():
            if name not in self._columns:
                file = self._file()
                self._columns[name] = file, array.dtype, array.shape[1:]
            self._columns[name][0].write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
        self._rows += len(next(iter(table.values()), ()))

    def finish(self, url: str) -> bytes:
        with zipfile.ZipFile(self._spool, "w") as archive:
            for name, (file, dtype, inner) in self._columns.items():
                file.seek(0)
                with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
                    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False}
                    npy.write_array_header_1_0(member, {**header, "shape": (self._rows, *inner)})
                    shutil.copyfileobj(file, member, 1 << 20)
        return self._put(url)
