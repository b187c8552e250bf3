"""What `explain()` tells."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.explain import Log, Message
from telegrad.recording.session import Session


def test_the_table_says_what_was_sent_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    x = tg.arange(4.0, requires_grad=True)
    y = 2 * tg.dot(x, x)
    y.backward()
    first_line = test_the_table_says_what_was_sent_and_why.__code__.co_firstlineno
    x.grad.tolist()
    str(x * 3)
    x + 1
    tg.explain()
    head, columns, backward, look = capsys.readouterr().out.splitlines()
    assert head == "2 messages to embedded, 1 operators recorded and not yet sent"
    assert " ".join(columns.split()) == (
        "seq why nodes leaves backward fetched computed sent received ms plan line"
    )
    cells = backward.split()
    assert cells[:7] == ["1", "backward", "5", "1", "1", "2", "0"]
    assert f"test_explain.py:{first_line + 3}" in backward
    assert backward.endswith("y.backward()")
    assert look.split()[:3] == ["2", "look", "1"]
    assert look.endswith("str(x * 3)")


def test_only_the_latest_are_shown(capsys: pytest.CaptureFixture[str], session: Session) -> None:
    for k in range(5):
        (tg.ones(1) * k).item()
    tg.explain(last=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["4", "5"]
    assert session.log.count == 5


def test_errors_and_waits_are_told() -> None:
    log = Log()
    log.add(
        Message(
            1,
            "look",
            None,
            1,
            0,
            0,
            1,
            0,
            0,
            error="IndexRangeError",
            sent_bytes=5000,
            uploaded_bytes=3 << 20,
        )
    )
    lines = log.table(5).splitlines()
    assert "look: IndexRangeError" in lines[1]
    assert "waiting" in lines[1]
    assert "3.0 MiB" in lines[1]


def test_a_new_session_has_nothing_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    tg.explain()
    assert capsys.readouterr().out == "0 messages to embedded, 0 operators recorded and not yet sent\n"
