"""One shard: its results and its entry, bad rows by policy, and what makes it stop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from telegrad_proto.errors import DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import planning
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.shards import Halted, ShardRunner, part_file
from telegrad_server.jobs.totals import Totals
from tests.server.jobs import drafts
from tests.server.jobs.drafts import W, expected_sum, rows, spec_for, submit, write_rows


def _planned(tmp_path: Path, spec: job_pb2.JobSpec) -> JobFolder:
    folder = submit(tmp_path / "jobs", spec)
    folder.plan(planning.plan(folder.spec(), Roots()))
    return folder


def test_sums_and_entry(tmp_path: Path) -> None:
    x = rows(90)
    folder = _planned(tmp_path, spec_for(write_rows(tmp_path / "x.npz", x)))
    entry = ShardRunner(folder, Roots()).run(1)
    assert (entry.shard, entry.rows, entry.bad_rows) == (1, 30, 0)
    assert entry.peak_bytes > 0
    assert list(folder.ledger()) == [entry]
    raw = (tmp_path / "jobs" / folder.id / "parts" / "00000001.npz").read_bytes()
    result = Totals.from_bytes(raw).result(1.0)
    value, gradient = expected_sum(x, [30, 60])
    np.testing.assert_allclose(result["value"], value, rtol=1e-12)
    np.testing.assert_allclose(result["grad.w"], gradient, rtol=1e-12)


def test_a_mean_weighs_batches_by_their_rows(tmp_path: Path) -> None:
    x = rows(20)
    folder = _planned(tmp_path, spec_for(write_rows(tmp_path / "x.csv", x), mode=job_pb2.JOB_MODE_MEAN))
    ShardRunner(folder, Roots()).run(0)
    raw = (tmp_path / "jobs" / folder.id / "parts" / "00000000.npz").read_bytes()
    result = Totals.from_bytes(raw).result(20.0)
    np.testing.assert_allclose(result["value"], np.sin(W * x).sum() / 20, rtol=1e-12)


@pytest.mark.parametrize("mode", [job_pb2.JOB_MODE_PER_BATCH, job_pb2.JOB_MODE_PER_SAMPLE])
def test_rows_of_results(tmp_path: Path, mode: job_pb2.JobMode) -> None:
    x = rows(50)
    folder = _planned(tmp_path, spec_for(write_rows(tmp_path / "x.jsonl", x), mode=mode))
    ShardRunner(folder, Roots()).run(1)
    with np.load(part_file(folder, folder.spec(), 1)) as found:
        assert set(found["file"]) == {0}
        if mode == job_pb2.JOB_MODE_PER_SAMPLE:
            assert found["row"].tolist() == list(range(40, 50))
            np.testing.assert_allclose(found["value.0"], np.sin(W * x[40:]).sum(1), rtol=1e-12)
            np.testing.assert_allclose(found["grad.w"], np.cos(W * x[40:]) * x[40:], rtol=1e-12)
        else:
            assert (found["first_row"].tolist(), found["rows"].tolist()) == ([40], [10])
            np.testing.assert_allclose(found["value"], [np.sin(W * x[40:]).sum() / 10], rtol=1e-12)


def test_a_shard_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.npy", rows(30))
    folder = _planned(tmp_path, spec_for(data, columns=["array"]))
    entry = ShardRunner(folder, Roots()).run(0)
    data.unlink()
    assert ShardRunner(folder, Roots()).run(0) == entry


def _spoiled(tmp_path: Path) -> tuple[Path, np.ndarray]:
    x = rows(30)
    x[7, 2] = x[21, 0] = np.nan
    return write_rows(tmp_path / "x.parquet", x), x


def test_a_bad_row_fails_the_job_by_name(tmp_path: Path) -> None:
    data, _ = _spoiled(tmp_path)
    folder = _planned(tmp_path, spec_for(data))
    with pytest.raises(DataError, match=r"x\.parquet: row 7: column 'c2': NaN") as raised:
        ShardRunner(folder, Roots()).run(0)
    assert raised.value.details["row"] == 7
    assert list(folder.ledger()) == []


@pytest.mark.parametrize("on_error", [job_pb2.ON_ERROR_SKIP, job_pb2.ON_ERROR_COLLECT])
def test_bad_rows_are_left_out(tmp_path: Path, on_error: job_pb2.OnError) -> None:
    data, x = _spoiled(tmp_path)
    out = tmp_path / "out"
    spec = spec_for(data, mode=job_pb2.JOB_MODE_PER_SAMPLE, on_error=on_error, output=str(out))
    folder = _planned(tmp_path, spec)
    entry = ShardRunner(folder, Roots()).run(0)
    assert (entry.rows, entry.bad_rows) == (28, 2)
    with np.load(out / "part-00000.npz") as found:
        kept = [n for n in range(30) if n not in (7, 21)]
        assert found["row"].tolist() == kept
        np.testing.assert_allclose(found["grad.w"], np.cos(W * x[kept]) * x[kept], rtol=1e-12)
    errors = out / "errors-00000.jsonl"
    assert errors.exists() == (on_error == job_pb2.ON_ERROR_COLLECT)
    if errors.exists():
        told = [json.loads(line) for line in errors.read_text().splitlines()]
        assert [(t["row"], t["file"].rpartition("/")[2]) for t in told] == [
            (7, "x.parquet"),
            (21, "x.parquet"),
        ]


def test_a_batch_of_bad_rows_only_is_no_batch(tmp_path: Path) -> None:
    x = rows(40)
    x[16:32] = np.nan
    data = write_rows(tmp_path / "x.csv", x)
    spec = spec_for(data, mode=job_pb2.JOB_MODE_PER_BATCH, on_error=job_pb2.ON_ERROR_SKIP)
    folder = _planned(tmp_path, spec)
    ShardRunner(folder, Roots()).run(0)
    with np.load(part_file(folder, folder.spec(), 0)) as found:
        assert found["first_row"].tolist() == [0, 32]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.csv", rows(10))
    folder = _planned(tmp_path, spec_for(data, columns=["c0", "c1", "c2", "height"]))
    with pytest.raises(
        DataError, match=r"x\.csv: row 0: there is no column 'height'; the file has 'c0', 'c1'"
    ):
        ShardRunner(folder, Roots()).run(0)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "npz"])
@pytest.mark.parametrize("on_error", [job_pb2.ON_ERROR_SKIP, job_pb2.ON_ERROR_COLLECT])
def test_a_file_without_a_column_has_bad_rows_only(
    tmp_path: Path, ending: str, on_error: job_pb2.OnError, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rows(10)
    write_rows(tmp_path / f"a.{ending}", x)
    with monkeypatch.context() as patched:
        patched.setattr(drafts, "COLUMNS", drafts.COLUMNS[:2])
        write_rows(tmp_path / f"b.{ending}", x[:, :2])
    out = tmp_path / "out"
    spec = spec_for(
        tmp_path / f"*.{ending}", mode=job_pb2.JOB_MODE_PER_SAMPLE, on_error=on_error, output=str(out)
    )
    runner = ShardRunner(_planned(tmp_path, spec), Roots())
    entries = [runner.run(0), runner.run(1)]
    assert [(entry.rows, entry.bad_rows) for entry in entries] == [(10, 0), (0, 10)]
    errors = out / "errors-00001.jsonl"
    assert errors.exists() == (on_error == job_pb2.ON_ERROR_COLLECT)
    if errors.exists():
        told = [json.loads(line) for line in errors.read_text().splitlines()]
        assert [t["row"] for t in told] == list(range(10))
        assert all(t["reason"].startswith("there is no column 'c2'; the ") for t in told)


def test_rows_of_a_file_without_a_column_are_counted_not_named_when_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(tmp_path / "x.csv", rows(10))
    spec = spec_for(data, columns=["c0", "c1", "c2", "height"], on_error=job_pb2.ON_ERROR_SKIP)
    folder = _planned(tmp_path, spec)
    named: list[object] = []
    monkeypatch.setattr(ShardRunner, "_deal_with", lambda *given: named.append(given))
    assert ShardRunner(folder, Roots()).run(0).bad_rows == 10
    assert named == []


def test_it_stops_between_batches_when_told(tmp_path: Path) -> None:
    folder = _planned(tmp_path, spec_for(write_rows(tmp_path / "x.npz", rows(30))))
    folder.stop(DataError("another shard's row"))
    with pytest.raises(Halted):
        ShardRunner(folder, Roots(), clock=iter(range(0, 1000, 10)).__next__).run(0)
    assert list(folder.ledger()) == []


def test_it_stops_at_the_next_shard_however_soon_that_comes(tmp_path: Path) -> None:
    folder = _planned(tmp_path, spec_for(write_rows(tmp_path / "x.npz", rows(90))))
    runner = ShardRunner(folder, Roots(), clock=lambda: 5.0)
    runner.run(0)
    folder.cancel()
    with pytest.raises(Halted):
        runner.run(1)


def test_data_that_changed_is_not_mixed(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.npz", rows(90))
    folder = _planned(tmp_path, spec_for(data))
    runner = ShardRunner(folder, Roots())
    runner.run(0)
    write_rows(data, rows(91))
    with pytest.raises(DataError, match="has changed since the job was planned"):
        runner.run(1)
