"""Where sessions go: arguments, environment, defaults."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import telegrad as tg
from telegrad import config
from telegrad.transport import grpc
from telegrad_proto.errors import AccessError, ArgumentError, ServerUnavailableError


def test_the_first_operator_starts_the_default_session() -> None:
    tg.disconnect()
    assert (tg.ones(2) + 1).tolist() == [2.0, 2.0]
    assert tg.current_session().address == "embedded"
    assert tg.current_session().device == "cpu"


def test_disconnecting_twice_is_no_matter() -> None:
    tg.disconnect()
    tg.disconnect()


def test_nobody_at_the_address() -> None:
    before = tg.current_session()
    with pytest.raises(ServerUnavailableError, match=r"no telegrad server answers at 127\.0\.0\.1:1"):
        tg.connect("127.0.0.1:1")
    # The session that was stays current.
    assert tg.current_session() is before
    assert (tg.ones(1) * 2).item() == 2.0


@pytest.mark.parametrize("address", ["nowhere", "host:", ":80", "host:port", 7431])
def test_addresses_that_are_none(address: Any) -> None:
    for use in (tg.connect, config.endpoint):
        with pytest.raises(ArgumentError, match="as host:port, got"):
            use(address)


class FakeTransport:
    """Notes what a transport was made with."""

    made: dict[str, Any]

    def __init__(self, address: str, **options: Any) -> None:
        FakeTransport.made = {"address": address, **options}

    def close(self) -> None:
        """Nothing is open."""


def test_the_environment_names_server_and_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(grpc, "GrpcTransport", FakeTransport)
    monkeypatch.setenv("TELEGRAD_ADDRESS", "far:1234")
    monkeypatch.setenv("TELEGRAD_TOKEN", "secret")
    tg.connect(progress=False)
    assert (FakeTransport.made["address"], FakeTransport.made["token"]) == ("far:1234", "secret")
    assert FakeTransport.made["progress"] is None
    monkeypatch.delenv("TELEGRAD_TOKEN")
    file = tmp_path / "token"
    file.write_text("from a file\n")
    monkeypatch.setenv("TELEGRAD_TOKEN_FILE", str(file))
    tg.connect(direct=True)
    assert (FakeTransport.made["token"], FakeTransport.made["direct"]) == ("from a file", True)
    assert FakeTransport.made["progress"] is not None
    tg.connect(token="mine")
    assert FakeTransport.made["token"] == "mine"
    assert (FakeTransport.made["journal_bytes"], FakeTransport.made["key"]) == (1024**3, "")
    monkeypatch.setenv("TELEGRAD_JOURNAL_BYTES", "5000")
    tg.connect(token="mine")
    assert FakeTransport.made["journal_bytes"] == 5000
    tg.connect(token="mine", journal_bytes=7)
    assert FakeTransport.made["journal_bytes"] == 7
    monkeypatch.setenv("TELEGRAD_JOURNAL_BYTES", "1GiB")
    with pytest.raises(ArgumentError, match="TELEGRAD_JOURNAL_BYTES: requires a number of bytes, got '1GiB'"):
        tg.connect(token="mine")
    file.unlink()
    with pytest.raises(AccessError, match="cannot read"):
        tg.connect()


def test_a_token_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" a token \nand a remark\n")
    assert config.token_in(file) == "a token"
    assert config.token_in(None) is None


@pytest.mark.parametrize("token", ["ключ", "two\nlines", "a\ttab"])
def test_a_token_that_cannot_be_presented_is_refused(token: str) -> None:
    for use in (lambda: tg.connect("127.0.0.1:1", token=token), lambda: config.endpoint("far:1", token)):
        with pytest.raises(AccessError, match="printable ASCII"):
            use()


def test_a_token_file_that_is_no_text_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("TELEGRAD_TOKEN_FILE", str(file))
    with pytest.raises(AccessError, match=r"cannot read .*token: .*codec"):
        tg.connect("127.0.0.1:1")


def test_a_named_session_is_called_by_name_and_token() -> None:
    keys = {config._key(name, token) for name in ("a", "b") for token in (None, "one", "two")}
    assert len(keys) == 6
    assert all(len(key) == 32 for key in keys)


def test_a_session_that_nobody_needs_ends() -> None:
    session = weakref.ref(tg.connect("embedded", progress=False))
    x = tg.ones(2) + 1
    tg.connect("embedded", progress=False)
    gc.collect()
    assert session() is not None
    assert x.tolist() == [2.0, 2.0]
    del x
    gc.collect()
    assert session() is None


def test_notebooks_send_when_a_cell_ends(
    monkeypatch: pytest.MonkeyPatch, messages: Callable[[], int]
) -> None:
    hooks: dict[str, Callable[[object], None]] = {}
    shell = SimpleNamespace(events=SimpleNamespace(register=hooks.__setitem__))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(config, "_hooked", None)
    tg.connect("embedded", progress=False)
    messages()
    y = tg.ones(2) * 3
    hooks["post_run_cell"](None)
    assert messages() == 1
    assert y.tolist() == [3.0, 3.0]
    tg.disconnect()
    hooks["post_run_cell"](None)


def test_a_look_may_be_bounded_in_time() -> None:
    tg.connect("embedded", progress=False, timeout_s=0.01)
    x = tg.ones(400, 400)
    for _ in range(200):
        x = x @ x * 1e-3
    with pytest.raises(TimeoutError):
        x.sum().item()
    assert tg.ones(1).item() == 1.0
