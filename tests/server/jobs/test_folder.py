"""A job's folder: what is written is found again by whoever comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from telegrad_proto.errors import DataError, InternalError, JobNotFoundError
from telegrad_proto.jobs import new_job_id
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.folder import JobFolder, job_ids


def _folder(tmp_path: Path) -> JobFolder:
    return JobFolder(str(tmp_path), new_job_id())


def test_what_was_submitted_is_there(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(JobNotFoundError):
        folder.spec()
    folder.submit(job_pb2.JobSpec(name="mine"), b"program", [b"one", b""])
    again = JobFolder(str(tmp_path), folder.id)
    assert again.spec().name == "mine"
    assert (again.program(), again.parameter(0), again.parameter(1)) == (b"program", b"one", b"")


def test_the_ledger_is_in_order_and_counts_a_shard_once(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert list(folder.ledger()) == []
    for shard in (11, 2, 2):
        folder.record(job_pb2.LedgerEntry(shard=shard, rows=shard))
    assert [entry.shard for entry in folder.ledger()] == [2, 11]


def test_plan_and_status(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert folder.manifest() is None
    assert folder.status() is None
    folder.plan(job_pb2.Manifest(rows=3))
    folder.tell(job_pb2.JobStatus(rows_done=1))
    folder.tell(job_pb2.JobStatus(rows_done=2))
    manifest, status = folder.manifest(), folder.status()
    assert manifest is not None
    assert status is not None
    assert (manifest.rows, status.rows_done) == (3, 2)


def test_two_reasons_to_stop(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert not folder.halted
    folder.stop(DataError("x.csv: row 3: NaN", row=3))
    assert folder.halted
    assert not folder.cancelled
    error = folder.stopped()
    assert isinstance(error, DataError)
    assert error.details["row"] == "3"
    folder.cancel()
    assert folder.cancelled


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "20260101T000000-", "20260101T000000-" + "0" * 17])
def test_an_id_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(JobNotFoundError, match="requires an id"):
        JobFolder(str(tmp_path), name)


def test_the_newest_job_is_the_first(tmp_path: Path) -> None:
    assert job_ids(str(tmp_path)) == []
    early, late = "20260101T000000-0000000000000001", "20260102T000000-0000000000000000"
    for name in (early, late, "lost+found"):
        (tmp_path / name).mkdir()
    assert job_ids(str(tmp_path)) == [late, early]


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    folder.submit(job_pb2.JobSpec(name="x"), b"", [])
    (tmp_path / folder.id / "spec.pb").write_bytes(b"\xff\xff\xff")
    with pytest.raises(InternalError, match=r"spec\.pb is damaged"):
        folder.spec()


def test_what_vanished_is_said(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(JobNotFoundError, match=r"program\.pb"):
        folder.program()


def test_whether_a_process_is_at_work(tmp_path: Path) -> None:
    folder = JobFolder(str(tmp_path), new_job_id())
    folder.await_work()
    assert not folder.at_work
    folder.start_work()
    assert folder.at_work
    folder.await_work()
    assert not folder.at_work
