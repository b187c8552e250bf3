"""Jobs as a user sees them: what is submitted, told and returned, through a real connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import telegrad as tg
from telegrad import jobs
from telegrad_proto.errors import (
    ArgumentError,
    DataError,
    JobError,
    JobNotFoundError,
    ServerUnavailableError,
    ShapeError,
)
from tests.places import free_port
from tests.server.gateway.desks import Manager, desk_in, serving_jobs
from tests.server.jobs.drafts import COLUMNS, rows, write_rows

ROWS = 100


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Manager]]:
    """The address of a gateway with jobs, and its queue."""
    desk, manager = desk_in(tmp_path)
    with serving_jobs(desk) as address:
        yield address, manager


def _loss(model: dict[str, tg.Tensor], x: tg.Tensor) -> tg.Tensor:
    return ((x @ model["w"] + model["b"]) ** 2).sum()


def _program() -> tg.Program:
    model = {"w": tg.zeros(4, dtype=tg.float64), "b": tg.zeros((), dtype=tg.float64)}
    return tg.trace(_loss, model, tg.spec((None, 4), "float64"))


MODEL = {"w": np.array([1.0, -2.0, 0.5, 3.0]), "b": np.array(0.25)}


def _expected(x: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    residual = x @ MODEL["w"] + MODEL["b"]
    return float((residual**2).sum()), {
        "model.w": 2 * x.T @ residual,
        "model.b": np.array(2 * residual.sum()),
    }


def test_a_sum_over_files(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    x = rows(ROWS)
    write_rows(tmp_path / "data" / "a.csv", x[:30])
    write_rows(tmp_path / "data" / "b.csv", x[30:])
    job = jobs.submit(
        _program(),
        tmp_path / "data" / "*.csv",
        {"x": COLUMNS},
        params={"model": MODEL},
        batch_rows=7,
        shard_rows=20,
        name="a sum",
        address=cluster[0],
    )
    result = job.result()
    value, grads = _expected(x)
    assert result.rows == ROWS
    np.testing.assert_allclose(result.value, value, rtol=1e-12)
    assert set(result.grads) == set(grads)
    for name, gradient in grads.items():
        np.testing.assert_allclose(result.grads[name], gradient, rtol=1e-12)
    assert [Path(url).name for url in result.files] == ["result.npz"]
    (status,) = jobs.list(address=cluster[0])
    assert (status.name, status.state, status.rows_done, status.ended) == ("a sum", "finished", ROWS, True)


def test_gradients_of_each_row(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    x = rows(ROWS)
    job = jobs.submit(
        _program(),
        write_rows(tmp_path / "x.parquet", x),
        {"x": list(COLUMNS)},
        params={"model": {name: tg.tensor(value) for name, value in MODEL.items()}},
        mode="per_sample",
        wrt=["model.w"],
        output=tmp_path / "out",
        address=cluster[0],
    )
    result = job.result()
    assert (result.value, dict(result.grads)) == (None, {})
    (path,) = result.files
    found = pq.read_table(path).to_pydict()
    residual = x @ MODEL["w"] + MODEL["b"]
    np.testing.assert_allclose(found["value"], residual**2, rtol=1e-12)
    np.testing.assert_allclose(np.array(found["grad.model.w"]), 2 * residual[:, None] * x, rtol=1e-12)
    assert "grad.model.b" not in found
    assert result.manifest["mode"] == "per_sample"


def test_a_saved_program_and_the_current_connection(
    cluster: tuple[str, Manager], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAD_ADDRESS", cluster[0])
    path = tmp_path / "loss.tgp"
    _program().save(path)
    data = write_rows(tmp_path / "x.npz", rows(ROWS))
    job = jobs.submit(path, data, {"x": COLUMNS}, params={"model": MODEL}, mode="mean")
    again = jobs.get(job.id)
    np.testing.assert_allclose(again.result().value, job.result().value)
    assert repr(again) == f"Job({job.id!r})"


def test_events_go_on_to_the_end(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    address, manager = cluster
    manager.waits = True
    data = write_rows(tmp_path / "x.npz", rows(ROWS))
    job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": MODEL}, address=address)
    events = job.events()
    first = next(events)
    assert (first.state, first.queue_position, first.eta_s, first.ended) == ("queued", 1, None, False)
    with pytest.raises(JobError, match="requires a finished job, this one is queued"):
        job.result(wait=False)
    manager.drive()
    assert [status.state for status in events][-1] == "finished"


def test_a_gateway_may_be_replaced_while_somebody_watches(tmp_path: Path) -> None:
    desk, manager = desk_in(tmp_path)
    manager.waits = True
    data = write_rows(tmp_path / "x.npz", rows(ROWS))
    port = free_port()
    with serving_jobs(desk, port) as address:
        job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": MODEL}, address=address)
        events = job.events()
        next(events)
    with serving_jobs(desk, port):
        manager.drive()
        assert [status.state for status in events][-1] == "finished"


def test_the_first_gateway_that_answers_is_asked(cluster: tuple[str, Manager]) -> None:
    assert jobs.list(address=f"127.0.0.1:1,{cluster[0]}") == []
    with pytest.raises(ServerUnavailableError):
        jobs.list(address="127.0.0.1:1")


def test_a_bar_is_shown(
    cluster: tuple[str, Manager], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "x.npz", rows(ROWS))
    job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": MODEL}, address=cluster[0])
    assert job.watch().state == "finished"
    shown = capsys.readouterr().err
    assert job.id in shown
    assert "100/100" in shown
    assert "finished" in shown


def test_a_failed_job_says_why(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    x = rows(ROWS)
    x[42, 1] = np.nan
    data = write_rows(tmp_path / "x.csv", x)
    job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": MODEL}, address=cluster[0])
    assert job.status().state == "failed"
    with pytest.raises(DataError, match=r"failed: .*x\.csv: row 42: column 'c1': NaN"):
        job.result()
    collected = jobs.submit(
        _program(), data, {"x": COLUMNS}, params={"model": MODEL}, on_error="collect", address=cluster[0]
    )
    assert collected.result().rows == ROWS - 1
    assert collected.status().bad_rows == 1


def test_a_cancelled_job_has_no_result(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    address, manager = cluster
    manager.waits = True
    data = write_rows(tmp_path / "x.csv", rows(ROWS))
    job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": MODEL}, address=address)
    assert job.cancel().state == "cancelled"
    with pytest.raises(JobError, match="this one is cancelled"):
        job.result()


def test_wrong_arguments_are_refused_here(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    program, data = _program(), write_rows(tmp_path / "x.csv", rows(3))

    def submit(**changed: object) -> None:
        arguments = {"params": {"model": MODEL}, "address": cluster[0], **changed}
        jobs.submit(program, data, {"x": COLUMNS}, **arguments)  # type: ignore[arg-type]

    with pytest.raises(ArgumentError, match="mode: requires one of sum, mean"):
        submit(mode="total")
    with pytest.raises(ArgumentError, match="on_error: requires one of fail"):
        submit(on_error="ignore")
    with pytest.raises(ArgumentError, match="format: requires one of"):
        submit(format="csv")
    with pytest.raises(ArgumentError, match="batch_rows: requires a number of rows, got -1"):
        submit(batch_rows=-1)
    with pytest.raises(ArgumentError, match="batch_rows: requires a number of rows, got 4294967296"):
        submit(batch_rows=1 << 32)
    with pytest.raises(TypeError, match="requires a program or the path of one, got dict"):
        jobs.submit({}, data, {"x": COLUMNS}, address=cluster[0])  # type: ignore[arg-type]
    for inputs, said in (
        (["x"], "requires columns by the program's inputs, got list"),
        ({"x": 3}, "'x': requires a column or a list of columns, got 3"),
        ({"x": ["c0", 3]}, r"'x': requires a column or a list of columns, got \['c0', 3\]"),
        ({3: "c0"}, "3: requires a column"),
    ):
        with pytest.raises(ArgumentError, match=f"inputs: {said}"):
            jobs.submit(program, data, inputs, address=cluster[0])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"no input 'other'; it has model\.b, model\.w, x"):
        submit(params={"other": 1.0})
    with pytest.raises(ShapeError, match=r"'model.w': requires shape \(4,\), got \(3,\)"):
        submit(params={"model": {**MODEL, "w": np.zeros(3)}})
    with pytest.raises(ShapeError, match="requires float64 of shape"):
        submit(params={"model": {**MODEL, "w": np.zeros(4, np.float32)}})
    with pytest.raises(ArgumentError, match=r"wrt: requires names of params.*got 'x'"):
        submit(wrt=["x"])
    with pytest.raises(ArgumentError, match=r"'model.b' is the same for all rows"):
        submit(params={"model": {"w": MODEL["w"]}})
    with pytest.raises(ArgumentError, match=r"program: .*: No such file"):
        jobs.submit(tmp_path / "none.tgp", data, {"x": COLUMNS}, address=cluster[0])
    assert jobs.list(address=cluster[0]) == []


def test_numbers_take_the_programs_type(cluster: tuple[str, Manager], tmp_path: Path) -> None:
    data = write_rows(tmp_path / "x.csv", rows(5))
    model = {"w": [1, 2, 3, 4], "b": 1}
    job = jobs.submit(_program(), data, {"x": COLUMNS}, params={"model": model}, address=cluster[0])
    assert job.result().grads["model.w"].dtype == np.float64


def test_an_unknown_job_is_said(cluster: tuple[str, Manager]) -> None:
    with pytest.raises(JobNotFoundError):
        jobs.get("20260101T000000-0123456789abcdef", address=cluster[0])


def test_without_a_server_it_says_what_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAD_ADDRESS", raising=False)
    with pytest.raises(ArgumentError, match="requires a server"):
        jobs.list()
