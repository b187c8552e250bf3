"""Bars are shown for what takes long, and go away."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from telegrad.transport import progress
from telegrad.transport.progress import Bars


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_watched", lambda: True)


def test_a_log_gets_no_bars(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.undo()
    bars = Bars()
    bars.waiting(5.0)
    bars.bulk("upload", 1, 2)
    bars.finished()
    assert capsys.readouterr().err == ""


def test_a_transfer_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars()
    for done in (0, 1 << 20, 3 << 20, 4 << 20):
        bars.bulk("upload", done, 4 << 20)
    shown = bars._bar
    assert (shown.n, shown.total) == (4 << 20, 4 << 20)
    bars.finished()
    assert "telegrad: upload" in capsys.readouterr().err
    assert bars._bar is None


def test_a_wait_shows_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars()
    bars.waiting(61.0)
    bars.waiting(61.5)
    bars.bulk("download", 5, 10)
    bars.finished()
    bars.finished()
    text = capsys.readouterr().err
    assert "telegrad: computing, 01:01" in text
    assert "telegrad: download" in text


def test_notebooks_have_their_own_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ModuleType("tqdm.notebook")
    made.tqdm = object()  # type: ignore[attr-defined]
    for name, module in (
        ("ipykernel", ModuleType("a")),
        ("ipywidgets", ModuleType("b")),
        ("tqdm.notebook", made),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    assert progress._tqdm() is made.tqdm
    monkeypatch.delitem(sys.modules, "ipywidgets")
    assert progress._tqdm() is not made.tqdm
