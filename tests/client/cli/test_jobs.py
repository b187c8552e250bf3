"""`telegrad jobs` as a person types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from telegrad.cli.app import app
from tests.server.gateway.desks import Manager, desk_in, serving_jobs
from tests.server.jobs.drafts import PROGRAM, W, rows, write_rows


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Manager]]:
    desk, manager = desk_in(tmp_path)
    with serving_jobs(desk) as address:
        yield address, manager


def _run(cluster: tuple[str, Manager], *arguments: object) -> Result:
    return CliRunner().invoke(app, ["jobs", *map(str, arguments), "-a", cluster[0]])


@pytest.fixture
def submit(tmp_path: Path) -> list[object]:
    """The arguments of a submission."""
    (tmp_path / "program.tgp").write_bytes(PROGRAM)
    np.save(tmp_path / "w.npy", W)
    data = write_rows(tmp_path / "x.csv", rows(50))
    return ["submit", tmp_path / "program.tgp", data, "-i", "x=c0,c1,c2,c3", "-p", f"w={tmp_path / 'w.npy'}"]


def test_from_submission_to_result(
    cluster: tuple[str, Manager], submit: list[object], tmp_path: Path
) -> None:
    said = _run(cluster, *submit, "--mode", "mean", "--name", "night run")
    assert said.exit_code == 0, said.output
    job_id = said.stdout.strip()
    assert _run(cluster, "list").stdout == f"{job_id}  finished   50/50 rows  night run\n"
    assert "finished" in _run(cluster, "watch", job_id).stdout
    assert "finished" in _run(cluster, "cancel", job_id).stdout
    told = _run(cluster, "result", job_id, "--save", tmp_path / "out.npz").stdout
    assert "rows     50" in told
    assert "gradient w: float64 (4,), norm" in told
    assert "result.npz" in told
    with np.load(tmp_path / "out.npz") as found:
        assert set(found.files) == {"value", "grad.w"}


def test_a_submission_can_be_watched(cluster: tuple[str, Manager], submit: list[object]) -> None:
    said = _run(cluster, *submit, "--watch")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1].endswith("50/50 rows")


def test_a_job_that_fails_ends_with_1(
    cluster: tuple[str, Manager], submit: list[object], tmp_path: Path
) -> None:
    write_rows(tmp_path / "x.csv", np.full((3, 4), np.nan))
    said = _run(cluster, *submit, "--watch")
    assert said.exit_code == 1
    assert "row 0" in said.stdout
    job_id = said.stdout.splitlines()[0]
    said = _run(cluster, "result", job_id)
    assert said.exit_code == 1
    assert "DataError" in said.stderr


def test_who_waits_is_told_so(cluster: tuple[str, Manager], submit: list[object]) -> None:
    cluster[1].waits = True
    _run(cluster, *submit)
    _run(cluster, *submit)
    lines = _run(cluster, "list").stdout.splitlines()
    assert sorted(line.partition("number ")[2] for line in lines) == ["1 in the queue", "2 in the queue"]
    assert all("not yet planned" in line for line in lines)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["-i", "x"], "requires NAME=VALUE"),
        (["-p", "w="], "requires NAME=VALUE"),
        (["--mode", "total"], "mode: requires one of"),
        (["-p", "w=/none.npy"], "No such file"),
        (["-p", "w=damaged.npz"], "magic string"),
        (["--name", "\udcff"], "UnicodeEncodeError"),
        (["-i", "z=c0"], "no input 'z'"),
    ],
)
def test_wrong_arguments(
    cluster: tuple[str, Manager], submit: list[object], change: list[str], words: str, tmp_path: Path
) -> None:
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04")
    said = _run(cluster, *submit, *[one.replace("damaged", f"{tmp_path}/damaged") for one in change])
    assert said.exit_code in (1, 2)
    assert isinstance(said.exception, SystemExit)
    assert words in " ".join(said.output.split())


def test_no_server(submit: list[object]) -> None:
    said = CliRunner().invoke(app, ["jobs", "list", "--address", "127.0.0.1:1"])
    assert said.exit_code == 1
    assert "ServerUnavailableError" in said.stderr
