"""What a gateway does with jobs, on a folder of its own and a queue that is a list."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telegrad_proto.errors import (
    AccessError,
    ArgumentError,
    DataError,
    JobError,
    JobNotFoundError,
    ServerUnavailableError,
)
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.desk import JobDesk
from telegrad_server.jobs.driver import Driver
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.settings import JobSettings
from tests.server.jobs.drafts import PROGRAM, W, in_a_loop, rows, spec_for, write_rows


class _Call:
    """A method of an actor: `remote` gives what `ask` is given."""

    def __init__(self, name: str) -> None:
        self._name = name

    def remote(self, *arguments: object) -> tuple[str, tuple[object, ...]]:
        return self._name, arguments


class _Queue:
    """Notes what the manager is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.waiting: dict[str, int] = {}
        self.silent = False

    def __getattr__(self, name: str) -> _Call:
        return _Call(name)

    def ask(self, call: tuple[str, tuple[Any, ...]], _timeout_s: float) -> object:
        if self.silent:
            raise TimeoutError
        name, arguments = call
        if name == "positions":
            return self.waiting
        self.told.append((name, *arguments))
        return None


@pytest.fixture
def queue() -> _Queue:
    return _Queue()


@pytest.fixture
def desk(tmp_path: Path, queue: _Queue) -> JobDesk:
    return JobDesk(JobSettings(str(tmp_path / "jobs"), (str(tmp_path),)), queue, queue.ask)


def _submit(desk: JobDesk, tmp_path: Path, **fields: Any) -> job_pb2.JobStatus:
    data = write_rows(tmp_path / "x.csv", rows(60))
    return desk.submit(spec_for(data, **fields), PROGRAM, [W.tobytes()])


def _drive(tmp_path: Path, job_id: str) -> None:
    folder = JobFolder(str(tmp_path / "jobs"), job_id)
    Driver(folder, Roots(), in_a_loop(folder)).drive()


def test_a_job_is_taken_in_and_told_to_the_queue(desk: JobDesk, queue: _Queue, tmp_path: Path) -> None:
    status = _submit(desk, tmp_path, name="mine")
    assert (status.state, status.name) == (job_pb2.JOB_STATE_QUEUED, "mine")
    assert status.submitted_s > 0
    assert queue.told == [("submitted", status.id)]
    queue.waiting[status.id] = 3
    assert desk.status(status.id).queue_position == 3
    assert [job.id for job in desk.list().jobs] == [status.id]


def test_what_cannot_be_done_is_not_taken_in(desk: JobDesk, queue: _Queue, tmp_path: Path) -> None:
    for spec, kind in (
        (spec_for(tmp_path / "none.csv"), DataError),
        (spec_for("/etc/x.csv"), AccessError),
        (spec_for(tmp_path / "x.csv", shard_rows=1), ArgumentError),
    ):
        with pytest.raises(kind):
            desk.submit(spec, PROGRAM, [W.tobytes()])
    write_rows(tmp_path / "x.csv", rows(3)).rename(tmp_path / "x.txt")
    with pytest.raises(DataError, match="requires a name that ends"):
        desk.submit(spec_for(tmp_path / "x.txt"), PROGRAM, [W.tobytes()])
    assert queue.told == []
    assert list(desk.list().jobs) == []


def test_a_submission_that_comes_twice_is_one_job(desk: JobDesk, queue: _Queue, tmp_path: Path) -> None:
    spec = spec_for(write_rows(tmp_path / "x.csv", rows(60)))
    first = desk.submit(spec, PROGRAM, [W.tobytes()])
    assert desk.submit(spec, PROGRAM, [W.tobytes()]) == first
    assert len(desk.list().jobs) == 1
    spec.batch_rows += 1
    with pytest.raises(ArgumentError, match="another job of this id"):
        desk.submit(spec, PROGRAM, [W.tobytes()])
    spec.id = "../../etc"
    with pytest.raises(JobNotFoundError, match="requires an id"):
        desk.submit(spec, PROGRAM, [W.tobytes()])


def test_a_submission_that_the_manager_did_not_hear_of_runs_when_it_comes_again(
    desk: JobDesk, queue: _Queue, tmp_path: Path
) -> None:
    spec = spec_for(write_rows(tmp_path / "x.csv", rows(60)))
    queue.silent = True
    with pytest.raises(ServerUnavailableError, match="manager does not answer"):
        desk.submit(spec, PROGRAM, [W.tobytes()])
    assert queue.told == []
    queue.silent = False
    assert desk.submit(spec, PROGRAM, [W.tobytes()]).state == job_pb2.JOB_STATE_QUEUED
    assert queue.told == [("submitted", spec.id)]
    _drive(tmp_path, spec.id)
    assert desk.submit(spec, PROGRAM, [W.tobytes()]).state == job_pb2.JOB_STATE_FINISHED
    assert len(queue.told) == 1


def test_a_result_is_arrays_and_what_they_are_made_of(desk: JobDesk, tmp_path: Path) -> None:
    job_id = _submit(desk, tmp_path).id
    with pytest.raises(JobError, match="requires a finished job, this one is queued"):
        desk.result(job_id)
    _drive(tmp_path, job_id)
    with np.load(io.BytesIO(desk.result(job_id))) as found:
        assert found["grad.w"].shape == (4,)
        assert json.loads(found["manifest"].tobytes())["rows"] == 60


def test_rows_of_results_stay_where_they_are(desk: JobDesk, tmp_path: Path) -> None:
    job_id = _submit(desk, tmp_path, mode=job_pb2.JOB_MODE_PER_SAMPLE, output=str(tmp_path / "out")).id
    _drive(tmp_path, job_id)
    with np.load(io.BytesIO(desk.result(job_id))) as found:
        assert found.files == ["manifest"]
    (tmp_path / "out" / "manifest.json").unlink()
    with pytest.raises(JobNotFoundError, match=r"is not at .*manifest\.json any more"):
        desk.result(job_id)


def test_a_job_is_cancelled_once(desk: JobDesk, queue: _Queue, tmp_path: Path) -> None:
    job_id = _submit(desk, tmp_path).id
    desk.cancel(job_id)
    assert queue.told[-1] == ("cancelled", job_id)
    assert JobFolder(str(tmp_path / "jobs"), job_id).cancelled
    _drive(tmp_path, job_id)
    told = len(queue.told)
    assert desk.cancel(job_id).state == job_pb2.JOB_STATE_CANCELLED
    assert len(queue.told) == told


def test_an_unknown_job_is_said(desk: JobDesk) -> None:
    for job_id in ("20260101T000000-0123456789abcdef", "../../etc", ""):
        for ask in (desk.status, desk.cancel, desk.result):
            with pytest.raises(JobNotFoundError):
                ask(job_id)


def test_a_manager_that_does_not_answer_is_said(desk: JobDesk, queue: _Queue, tmp_path: Path) -> None:
    job_id = _submit(desk, tmp_path).id
    queue.silent = True
    with pytest.raises(ServerUnavailableError, match="manager does not answer"):
        desk.status(job_id)
