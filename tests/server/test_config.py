"""Settings: what may be combined, where a token is needed, which addresses are loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from telegrad_server.config import DEFAULT_PORT, Settings, check_exposure, is_loopback

TOKEN = "0123456789abcdef"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"  {TOKEN}\nanother line\n")
    return path


def test_the_defaults_are_for_this_machine_only() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.read_token()) == ("127.0.0.1", DEFAULT_PORT, None)
    assert not (settings.ray)
    assert not (settings.reflection)
    assert not (settings.insecure)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)
    Settings(host=host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.5", "192.168.1.1", "example.org", "", "127.0.0.1.example.org"]
)
def test_elsewhere_a_token_is_needed(host: str, token_file: Path) -> None:
    assert not is_loopback(host)
    with pytest.raises(ValidationError, match="--token-file"):
        Settings(host=host)
    Settings(host=host, token_file=token_file)
    Settings(host=host, insecure=True)


def test_exposure_is_checked_where_there_are_no_settings() -> None:
    check_exposure("10.0.0.5", has_token=True, insecure=False)
    check_exposure("10.0.0.5", has_token=False, insecure=True)
    with pytest.raises(ValueError, match=r"10\.0\.0\.5"):
        check_exposure("10.0.0.5", has_token=False, insecure=False)


def test_the_token_is_the_first_line(token_file: Path) -> None:
    assert Settings(token_file=token_file).read_token() == TOKEN


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"short\n", b"a token\twith a tab", "tökentökentöken!".encode()]
)
def test_a_token_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="token file"):
        Settings(token_file=path).read_token()


def test_a_token_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="token file"):
        Settings(token_file=tmp_path / "none").read_token()


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PORT": "0",
        "LEASE_S": "5",
        "RELAY_TO": "a:1,b:2",
        "INSECURE": "",
        "RAY": "0",
    }.items():
        monkeypatch.setenv(f"TELEGRAD_{name}", value)
    monkeypatch.setenv("TELEGRAD_ADDRESS", "the client's")
    settings = Settings()
    assert (settings.port, settings.lease_s, settings.relay_to) == (0, 5.0, ("a:1", "b:2"))
    assert Settings(port=7).port == 7, "the command line has the last word"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", -1),
        ("port", 65536),
        ("lease_s", 0),
        ("max_sessions", 0),
        ("max_sessions", 100_000),
        ("workers", 0),
        ("device", "tpu"),
        ("device", "cuda:x"),
        ("nonsense", 1),
    ],
)
def test_values_out_of_range(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        Settings.model_validate({field: value})


def test_two_ways_to_workers_do_not_mix() -> None:
    with pytest.raises(ValidationError, match="choose one"):
        Settings(ray=True, relay_to=("a:1",))
