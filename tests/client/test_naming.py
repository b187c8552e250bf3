"""Naming tensors: what is noted when. Across processes: tests/integration/test_named_sessions.py."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.naming import Names
from telegrad.recording.recorder import current
from telegrad_proto.errors import SessionError


def test_notes_are_made_when_something_has_changed() -> None:
    names = Names()
    assert names.notes(current()) == b"", "nothing has a name"
    w = names.tensors["w"] = tg.ones(3, requires_grad=True)
    assert names.notes(current())
    assert names.notes(current()) == b""
    (w * w).sum().backward()
    assert names.notes(current()), "it has a gradient now"
    with tg.no_grad():
        w -= w.grad
    assert names.notes(current()), "it has another value"
    assert names.notes(current()) == b""
    names.forget_noted()
    assert names.notes(current())
    names.tensors.clear()
    assert names.notes(current()), "that nothing has a name is news too"


def test_a_pass_through_the_graph_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names()
    w = tg.ones(3, requires_grad=True)
    y = names.tensors["y"] = (w * w).sum()
    names.notes(current())
    monkeypatch.setattr(current().session, "flush", lambda *_args, **_more: 0)
    y.backward()
    assert names.notes(current())


def test_a_session_without_a_name_has_no_names() -> None:
    with pytest.raises(SessionError, match="session="):
        tg.name(x=tg.ones(1))
    with pytest.raises(SessionError):
        tg.named()
