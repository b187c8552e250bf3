"""The command: what it prints, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telegrad_proto import __version__
from telegrad_server import app as server_app
from telegrad_server.cli import app
from telegrad_server.config import Settings

RUNNER = CliRunner()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What the server would have been started with; nothing is."""
    seen: list[Settings] = []

    def serve(settings: Settings, announce: Callable[[str], None]) -> None:
        seen.append(settings)
        announce("127.0.0.1:1234")

    monkeypatch.setattr(server_app, "serve", serve)
    return seen


def test_it_announces_its_address(served: list[Settings]) -> None:
    result = RUNNER.invoke(app, ["--port", "0"])
    assert result.exit_code == 0
    assert result.stdout == "telegrad-server: listening on 127.0.0.1:1234\n"
    assert served[0].port == 0


def test_options_become_settings(served: list[Settings], tmp_path: Path) -> None:
    token = tmp_path / "token"
    options = (
        f"--host 0.0.0.0 --port 5 --token-file {token} --max-sessions 7 --lease-s 3 --grace-s 1 "
        "--reflection --ray --workers 2 --device cpu"
    )
    assert RUNNER.invoke(app, options.split()).exit_code == 0
    expected = Settings(
        host="0.0.0.0",
        port=5,
        token_file=token,
        max_sessions=7,
        lease_s=3,
        grace_s=1,
        reflection=True,
        ray=True,
        workers=2,
        device="cpu",
    )
    assert served == [expected]


def test_workers_can_be_named(served: list[Settings]) -> None:
    assert RUNNER.invoke(app, ["--relay-to", "a:1", "--relay-to", "b:2"]).exit_code == 0
    assert served[0].relay_to == ("a:1", "b:2")


def test_a_ray_address_means_ray(served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    for options in ([], ["--no-ray"], ["--relay-to", "a:1"]):
        assert RUNNER.invoke(app, options).exit_code == 0
    assert [settings.ray for settings in served] == [True, False, False]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "--token-file"),
        (["--port", "70000"], "--port"),
        (["--device", "tpu"], "--device: requires cpu, cuda or cuda:N"),
        (["--session-bytes", "lots"], "--session-bytes: requires a size, as 500MiB"),
        (["--worker-bytes", "5 apples"], "--worker-bytes: requires a size, as 500MiB"),
        (["--lease-s", "-1"], "--lease-s"),
        (["--ray", "--relay-to", "a:1"], "choose one"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_starts(
    served: list[Settings], options: list[str], words: str
) -> None:
    result = RUNNER.invoke(app, options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert served == []


@pytest.mark.parametrize(
    "error", [OSError("the port is taken"), ValueError("bad token file"), RuntimeError("no Ray")]
)
def test_a_failed_start_is_said_in_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_: object) -> None:
        raise error

    monkeypatch.setattr(server_app, "serve", serve)
    result = RUNNER.invoke(app, [])
    assert result.exit_code == 2
    assert result.stderr == f"telegrad-server: {error}\n"


def test_help_and_version() -> None:
    result = RUNNER.invoke(app, ["--help"])
    assert result.exit_code == 0
    for option in ("--token-file", "--insecure", "--ray", "--workers", "--lease-s", "--relay-to"):
        assert option in result.stdout
    assert "; by default 127.0.0.1" in " ".join(result.stdout.replace("│", " ").split())
    assert RUNNER.invoke(app, ["--version"]).stdout == f"telegrad-server {__version__}\n"
