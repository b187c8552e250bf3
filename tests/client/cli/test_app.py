"""The client's command: what it prints, and with which status it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import telegrad
from telegrad.cli.app import app
from telegrad_proto.opset import OPSET
from tests.places import serving

TOKEN = "a token of at least 16 characters"


@pytest.fixture
def run() -> Iterator[CliRunner]:
    yield CliRunner()
    telegrad.disconnect()


def test_the_installed_command_lists_its_commands() -> None:
    command = [str(Path(sys.executable).with_name("telegrad")), "--help"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(name in finished.stdout for name in ("ping", "info", "operators"))


def test_version_names_what_has_to_fit(run: CliRunner) -> None:
    result = run.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert telegrad.__version__ in result.stdout
    assert OPSET.digest.hex()[:16] in result.stdout


def test_ping_times_round_trips(run: CliRunner) -> None:
    result = run.invoke(app, ["ping", "embedded", "--count", "3"])
    assert result.exit_code == 0, result.output
    assert re.search(r"3 gradients, there and back: first [\d.]+ ms, median [\d.]+ ms", result.stdout)


def test_ping_and_info_ask_a_server_with_a_token(run: CliRunner, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    with serving("--token-file", str(token)) as (address, _):
        refused = run.invoke(app, ["ping", address])
        assert refused.exit_code == 1
        assert "AccessError" in refused.output
        assert run.invoke(app, ["ping", address, "--token-file", str(token)]).exit_code == 0
        told = run.invoke(app, ["info", address, "--token-file", str(token)])
        assert told.exit_code == 0, told.output
        assert address in told.stdout
        assert "lease:          60 s" in told.stdout


def test_a_server_that_is_not_there_is_one_line_and_status_1(run: CliRunner) -> None:
    result = run.invoke(app, ["ping", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert "ServerUnavailableError" in result.output
    assert "Traceback" not in result.output


def test_a_token_file_that_is_not_there_is_told(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(app, ["info", "embedded", "--token-file", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_operators_are_listed_by_pattern(run: CliRunner) -> None:
    everything = run.invoke(app, ["operators"]).stdout.splitlines()
    assert len(everything) == len(OPSET.ops)
    some = run.invoke(app, ["operators", "^conca"]).stdout
    assert some.startswith("concatenate(*xs; axis: int)")
    assert run.invoke(app, ["operators", "^no_such"]).exit_code == 1
    assert run.invoke(app, ["operators", "("]).exit_code == 2
