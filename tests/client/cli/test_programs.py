from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

import telegrad as tg
from telegrad.cli.app import app

run = CliRunner()


def saved(folder: Path) -> Path:
    w = tg.arange(6.0).reshape(3, 2)
    tg.trace(lambda x, b: (tg.tanh(x @ w + b) ** 2).mean(), tg.spec((None, 3)), tg.spec((2,))).save(
        folder / "loss.tgp"
    )
    return folder / "loss.tgp"


def test_what_a_program_takes_gives_and_does(tmp_path: Path) -> None:
    path = saved(tmp_path)
    result = run.invoke(app, ["program", "show", str(path)])
    assert result.exit_code == 0, result.output
    for text in (
        "x: float32[n, 3]",
        "b: float32[2]",
        "gives      float32[]",
        "tanh 1",
        tg.load_program(path).digest,
    ):
        assert text in result.stdout
    told = json.loads(run.invoke(app, ["program", "show", str(path), "--json"]).stdout)
    assert told["bytes"] == path.stat().st_size
    assert told["constant_bytes"] >= 24
    assert told["operators"]["matmul"] == 1


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    result = run.invoke(app, ["program", "show", str(path)])
    assert result.exit_code == 1
    assert "PayloadError: program: these" in result.stderr
    assert run.invoke(app, ["program", "show", str(tmp_path / "nowhere")]).exit_code == 1
