"""Tables as they come: what is read back is what was added, in both formats, and the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.parts import Table, new_part, suffix

FORMATS = [job_pb2.RESULT_FORMAT_PARQUET, job_pb2.RESULT_FORMAT_NPZ]

TABLES: list[Table] = [
    {
        "n": np.arange(first, first + rows),
        "g": np.full((rows, 2, 3), float(first)),
        "h": np.ones(rows, np.float16),
    }
    for first, rows in ((0, 3), (3, 1), (4, 2))
]


def _written(form: job_pb2.ResultFormat, path: Path, tables: list[Table]) -> bytes:
    with new_part(form) as part:
        for table in tables:
            part.add(table)
        return part.finish(str(path))


def test_an_archive_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / ("x" + suffix(job_pb2.RESULT_FORMAT_NPZ))
    _written(job_pb2.RESULT_FORMAT_NPZ, path, TABLES)
    with np.load(path, allow_pickle=False) as found:
        for name in ("n", "g", "h"):
            np.testing.assert_array_equal(found[name], np.concatenate([t[name] for t in TABLES]))
            assert found[name].dtype == TABLES[0][name].dtype


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / ("x" + suffix(job_pb2.RESULT_FORMAT_PARQUET))
    _written(job_pb2.RESULT_FORMAT_PARQUET, path, TABLES)
    found = pq.read_table(path).to_pydict()
    for name in ("n", "g", "h"):
        np.testing.assert_array_equal(np.array(found[name]), np.concatenate([t[name] for t in TABLES]))


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_results_are_the_same_bytes(tmp_path: Path, form: job_pb2.ResultFormat) -> None:
    first, second = (_written(form, tmp_path / name, TABLES) for name in ("a", "b"))
    assert first == second == digest_of((tmp_path / "a").read_bytes())


@pytest.mark.parametrize("form", FORMATS)
def test_complex_and_empty_values(tmp_path: Path, form: job_pb2.ResultFormat) -> None:
    path = tmp_path / "x"
    _written(form, path, [{"z": np.array([1 + 2j, 3j]), "e": np.zeros((2, 0, 3))}])
    if form == job_pb2.RESULT_FORMAT_NPZ:
        with np.load(path) as found:
            assert found["z"].tolist() == [1 + 2j, 3j]
            assert found["e"].shape == (2, 0, 3)
    else:
        assert pq.read_table(path).to_pydict() == {"z": [[1.0, 2.0], [0.0, 3.0]], "e": [[], []]}


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_added_is_an_empty_table(tmp_path: Path, form: job_pb2.ResultFormat) -> None:
    _written(form, tmp_path / "x", [])
    assert (tmp_path / "x").stat().st_size > 0


@pytest.mark.parametrize("form", FORMATS)
def test_a_part_left_early_was_never_there(tmp_path: Path, form: job_pb2.ResultFormat) -> None:
    with pytest.raises(ZeroDivisionError), new_part(form) as part:
        part.add(TABLES[0])
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
