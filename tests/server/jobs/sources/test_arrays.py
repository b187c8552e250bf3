"""npy and npz: rows of arrays of any shape, nothing pickled, nothing read that is not there."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

from telegrad_proto.errors import DataError
from telegrad_server.jobs.sources.arrays import COLUMN, SOURCES
from tests.server.jobs.sources.reading import batches, column

NPY, NPZ = SOURCES[".npy"], SOURCES[".npz"]


def _npy(array: np.ndarray | np.generic, **how: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def _npz(save: Callable[..., None] = np.savez, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("rows", [0, 1, 5, 11])
@pytest.mark.parametrize("inner", [(), (3,), (2, 2), (0,)])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "i2", "?", "c8"])
def test_all_rows_come_once_and_in_order(rows: int, inner: tuple[int, ...], dtype: str) -> None:
    array = np.arange(rows * int(np.prod(inner))).reshape(rows, *inner).astype(dtype)
    assert column(batches(NPY, _npy(array), [COLUMN]), COLUMN) == array.tolist()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_has_a_column_an_array(save: Callable[..., None]) -> None:
    a, b = np.arange(22.0).reshape(11, 2), np.arange(11)
    found = batches(NPZ, _npz(save, a=a, b=b), ["b", "a"])
    assert (column(found, "a"), column(found, "b")) == (a.tolist(), b.tolist())


def test_only_the_columns_asked_for_are_read() -> None:
    found = batches(NPZ, _npz(a=np.arange(3), b=np.arange(3)), ["b"])
    assert set(found[0].columns) == {"b"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (_npy(np.array([{}, []], object), allow_pickle=True), "Python objects"),
        (_npy(np.float64(3)), "requires an array with rows"),
        (_npy(np.zeros((3, 4), order="F")), "requires C order"),
        (b"nothing of the kind", "NumPy's arrays"),
        (_npy(np.zeros(3))[:40], "NumPy's arrays"),
        (b"\x93NUMPY\x09\x00", "version"),
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        batches(NPY, raw, [COLUMN])


def test_a_damaged_file_is_said_wherever_the_damage_is() -> None:
    rng = np.random.default_rng(0)
    columns = {"a": rng.standard_normal(8), "b": rng.integers(9, size=8)}
    for source, raw, wanted in (
        (NPY, _npy(columns["a"]), [COLUMN]),
        (NPZ, _npz(np.savez, **columns), ["a", "b"]),
        (NPZ, _npz(np.savez_compressed, **columns), ["a", "b"]),
    ):
        for place in range(len(raw)):
            damaged = bytearray(raw)
            damaged[place] ^= int(rng.integers(1, 256))
            with suppress(DataError):
                batches(source, bytes(damaged), wanted)


def test_a_file_that_ends_early_is_said() -> None:
    with pytest.raises(DataError, match="the file ends before"):
        batches(NPY, _npy(np.zeros(9))[:-8], [COLUMN])


def test_arrays_of_an_archive_have_equally_many_rows() -> None:
    with pytest.raises(DataError, match="equally many rows"):
        batches(NPZ, _npz(a=np.zeros(3), b=np.zeros(4)), ["a"])


def test_missing_columns_are_named() -> None:
    with pytest.raises(DataError, match="no column 'z'; the file has 'a'"):
        batches(NPZ, _npz(a=np.zeros(3)), ["z"])
    with pytest.raises(DataError, match="the file has 'array'"):
        batches(NPY, _npy(np.zeros(3)), ["x"])


def test_what_is_no_archive_is_said() -> None:
    with pytest.raises(DataError, match="NumPy's arrays"):
        batches(NPZ, b"PK nothing", ["a"])
