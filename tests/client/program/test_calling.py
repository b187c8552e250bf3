from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.errors import ServerUnavailableError
from telegrad.program import calling
from telegrad.transport.embedded import EmbeddedCalls


def test_calls_go_where_the_session_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = calling.current_calls()
    assert isinstance(first, EmbeddedCalls)
    assert calling.current_calls() is first
    monkeypatch.setenv("TELEGRAD_ADDRESS", "127.0.0.1:1")
    tg.connect(progress=False)
    remote = calling.current_calls()
    assert type(remote).__name__ == "RemoteCalls"
    monkeypatch.setattr(remote, "_patience_s", 0.0)
    program = tg.trace(tg.sin, tg.spec((2,)))  # needs no server
    with pytest.raises(ServerUnavailableError):
        program([1.0, 2.0])
    tg.connect("embedded", progress=False)
    assert program([0.0, 0.0]).tolist() == [0.0, 0.0]
    tg.disconnect()
    assert not calling._known
