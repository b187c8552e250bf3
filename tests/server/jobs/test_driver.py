"""A job from its folder to its end, interrupted anywhere: the result is the undisturbed one."""

from __future__ import annotations

import errno
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from telegrad_proto.errors import ArgumentError, DataError
from telegrad_proto.jobs import has_ended
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import driver as driving
from telegrad_server.jobs import files
from telegrad_server.jobs.driver import Done, Driver, Event, Failed, Nothing
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from tests.server.jobs.drafts import expected_sum, in_a_loop, rows, spec_for, submit, write_rows


def _drive(folder: JobFolder, **how: bool | int) -> job_pb2.JobStatus:
    return Driver(folder, Roots(), in_a_loop(folder, **how)).drive()  # type: ignore[arg-type]


def _result(folder: JobFolder) -> dict[str, np.ndarray]:
    with np.load(folder.at("result.npz")) as found:
        return {name: found[name] for name in found.files}


def test_a_sum(tmp_path: Path) -> None:
    x = rows(130)
    parts = [x[:60], x[60:]]
    data = [write_rows(tmp_path / f"{n}.npz", part) for n, part in enumerate(parts)]
    folder = submit(tmp_path / "jobs", spec_for(*data))
    status = _drive(folder)
    assert status == folder.status()
    assert status.state == job_pb2.JOB_STATE_FINISHED
    assert (status.shards_done, status.shards_total, status.rows_done, status.rows_total) == (4, 4, 130, 130)
    assert status.peak_driver_bytes > 0
    value, gradient = expected_sum(x, [0, 30, 60, 95, 130])
    found = _result(folder)
    np.testing.assert_allclose(found["value"], value, rtol=1e-12)
    np.testing.assert_allclose(found["grad.w"], gradient, rtol=1e-12)
    assert not list((tmp_path / "jobs" / folder.id / "parts").iterdir())
    described = json.loads((tmp_path / "jobs" / folder.id / "output" / "manifest.json").read_text())
    assert (described["rows"], described["mode"], described["result"]) == (130, "sum", "result.npz")
    assert [s["first_row"] for s in described["shards"]] == [0, 30, 0, 35]


@pytest.mark.parametrize("mode", [job_pb2.JOB_MODE_SUM, job_pb2.JOB_MODE_PER_SAMPLE])
def test_without_a_usable_row_there_is_no_result(tmp_path: Path, mode: job_pb2.JobMode) -> None:
    data = write_rows(tmp_path / "x.csv", np.full((50, 4), np.nan))
    folder = submit(tmp_path / "jobs", spec_for(data, mode=mode, on_error=job_pb2.ON_ERROR_SKIP))
    status = _drive(folder)
    assert (status.state, status.bad_rows) == (job_pb2.JOB_STATE_FAILED, 50)
    assert "none of 50 rows can be used" in status.error
    assert not Path(folder.at("output", "manifest.json")).exists()


def test_the_order_of_the_shards_work_changes_nothing(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.csv", rows(200))
    found = []
    for backwards in (False, True):
        folder = submit(tmp_path / "jobs", spec_for(data))
        _drive(folder, backwards=backwards)
        found.append(Path(folder.at("result.npz")).read_bytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("mode", [job_pb2.JOB_MODE_SUM, job_pb2.JOB_MODE_PER_SAMPLE])
def test_killed_anywhere_it_goes_on(tmp_path: Path, mode: job_pb2.JobMode) -> None:
    data = write_rows(tmp_path / "x.parquet", rows(200))
    whole = submit(tmp_path / "jobs", spec_for(data, mode=mode, output=str(tmp_path / "whole")))
    _drive(whole)
    broken = submit(tmp_path / "jobs", spec_for(data, mode=mode, output=str(tmp_path / "broken")))
    deaths = 0
    while not has_ended(broken.status() or job_pb2.JobStatus()):
        loop = in_a_loop(broken, dies_after=1, backwards=bool(deaths % 2))
        try:
            Driver(broken, Roots(), loop, restarts=deaths).drive()
        except KeyboardInterrupt:
            deaths += 1
    status = broken.status()
    assert status is not None
    assert status.state == job_pb2.JOB_STATE_FINISHED
    assert status.restarts == deaths > 3
    for name in (p.name for p in (tmp_path / "whole").iterdir()):
        one, other = ((tmp_path / kind / name).read_bytes() for kind in ("whole", "broken"))
        assert one.replace(whole.id.encode(), broken.id.encode()) == other


@pytest.mark.parametrize("at", ["_sum", "_end"])
def test_killed_while_adding_up_it_adds_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(90))))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Driver, at, dies)
        with pytest.raises(KeyboardInterrupt):
            _drive(folder)
    assert _drive(folder).state == job_pb2.JOB_STATE_FINISHED
    assert _result(folder)["rows"] == 90


def test_a_finished_job_is_not_done_again(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(30))))
    status = _drive(folder)
    assert has_ended(status)
    assert Driver(folder, Roots(), lambda _: iter([Failed(0, DataError("no"))])).drive() == status


def test_a_mean_as_parquet(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.npz", rows(50))
    form = job_pb2.RESULT_FORMAT_PARQUET
    folder = submit(tmp_path / "jobs", spec_for(data, mode=job_pb2.JOB_MODE_MEAN, format=form))
    _drive(folder)
    table = pq.read_table(tmp_path / "jobs" / folder.id / "output" / "result.parquet").to_pydict()
    found = _result(folder)
    assert table["rows"] == [50]
    assert table["value"] == [float(found["value"])]
    assert table["grad.w"] == [found["grad.w"].tolist()]


def test_a_bad_row_fails_it_and_has_the_work_stop(tmp_path: Path) -> None:
    x = rows(200)
    x[[50, 190]] = np.nan
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.csv", x)))
    status = _drive(folder, backwards=True)
    assert (status.state, status.error_reason) == (job_pb2.JOB_STATE_FAILED, "DATA")
    assert "row 50: column 'c0'" in status.error
    assert folder.halted


def test_killed_after_the_failure_it_fails_of_the_same(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.csv", rows(200))))
    folder.stop(DataError("x.csv: row 3: NaN"))
    status = _drive(folder)
    assert (status.state, status.error) == (job_pb2.JOB_STATE_FAILED, "x.csv: row 3: NaN")


def test_of_two_failures_the_first_shards_is_told(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(200))))
    events: list[Event] = [Failed(4, DataError("late")), Nothing(), Failed(1, ArgumentError("early"))]
    status = Driver(folder, Roots(), lambda _: iter(events)).drive()
    assert (status.error, status.error_reason) == ("early", "ARGUMENT")


def test_cancelled_it_keeps_what_is_finished(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(200))))
    loop = in_a_loop(folder)

    def cancelled_soon(shards: Sequence[int]) -> Iterator[Event]:
        yield next(loop(shards[:1]))
        folder.cancel()
        yield Nothing()

    status = Driver(folder, Roots(), cancelled_soon).drive()
    assert (status.state, status.shards_done) == (job_pb2.JOB_STATE_CANCELLED, 1)
    assert len(list(folder.ledger())) == 1


def test_data_that_is_missing_fails_it(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(tmp_path / "none.csv"))
    status = _drive(folder)
    assert (status.state, status.error_reason) == (job_pb2.JOB_STATE_FAILED, "DATA")


def test_an_output_that_cannot_be_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.npz", rows(20))
    folder = submit(tmp_path / "jobs", spec_for(data, output=str(data)))
    status = _drive(folder)
    assert (status.state, status.error_reason) == (job_pb2.JOB_STATE_FAILED, "DATA")
    assert status.error.startswith(f"output: {data}: ")
    assert list(folder.ledger()) == []


@pytest.mark.parametrize(("number", "lasts"), [(errno.EROFS, True), (errno.EIO, False)])
def test_an_output_on_a_read_only_file_system_fails_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, lasts: bool
) -> None:
    out = str(tmp_path / "out")
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(20)), output=out))
    write = files.write

    def refused(url: str, data: bytes) -> None:
        if url.startswith(out):
            raise OSError(number, os.strerror(number), url)
        write(url, data)

    monkeypatch.setattr(files, "write", refused)
    if lasts:
        status = _drive(folder)
        assert (status.state, status.error_reason) == (job_pb2.JOB_STATE_FAILED, "DATA")
        assert status.error == f"output: {out}: {os.strerror(number)}"
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            _drive(folder)
    assert list(folder.ledger()) == []


def test_work_that_is_left_undone_is_begun_again(tmp_path: Path) -> None:
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(200))))
    with pytest.raises(OSError, match="0 of 5 shards are done"):
        Driver(folder, Roots(), lambda _: iter([Nothing()])).drive()
    assert _drive(folder).state == job_pb2.JOB_STATE_FINISHED


def test_the_status_is_told_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "_TELL_S", 0.0)
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", rows(200))))
    seen = []
    loop = in_a_loop(folder)

    def watched(shards: Sequence[int]) -> Iterator[Event]:
        for event in loop(shards):
            assert isinstance(event, Done)
            yield event
            status = folder.status()
            assert status is not None
            seen.append((status.state, status.shards_done, status.rows_done))

    Driver(folder, Roots(), watched).drive()
    assert seen == [(job_pb2.JOB_STATE_RUNNING, n, 40 * n) for n in range(1, 6)]


def test_what_is_lacking_is_told_and_a_job_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.npz", rows(90))
    folder = submit(tmp_path / "jobs", spec_for(data))
    told: list[str] = []

    def nobody_works(shards: Sequence[int]) -> Iterator[Event]:
        while True:
            yield Nothing(waiting="requires a free CPU")
            status = folder.status()
            assert status is not None
            told.append(status.waiting)
            folder.cancel()

    status = Driver(folder, Roots(), nobody_works, clock=itertools.count().__next__).drive()
    assert told == ["requires a free CPU"]
    assert (status.state, status.waiting) == (job_pb2.JOB_STATE_CANCELLED, "")
