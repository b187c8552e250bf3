"""The user's line, found and rendered."""

from __future__ import annotations

import sys
from types import CodeType, SimpleNamespace
from typing import Any

import pytest

import telegrad
from telegrad.wire.callsite import OURS, describe, here, line_of, source, user_frame


def site_here() -> tuple[CodeType, int]:
    found = here()
    assert found is not None
    return found


def test_this_file_is_the_users() -> None:
    site = site_here()
    assert describe(site) == f"{__file__}:{site_here.__code__.co_firstlineno + 1}"
    assert source(site) == "found = here()"
    assert not OURS[__file__]
    assert OURS[telegrad.__file__]
    assert user_frame() is sys._getframe()


def test_lines_of_code_without_a_file() -> None:
    namespace: dict[str, object] = {"telegrad": telegrad}
    exec(compile("x = telegrad.ones(1)\n\ny = x + 1", "<made up>", "exec"), namespace)
    recorder = telegrad.current_session().recorder
    site = recorder.site_of(namespace["y"]._value.id)  # type: ignore[attr-defined]
    assert site is not None
    assert describe(site) == "<made up>:3"
    assert source(site) == ""


def test_cells_of_a_notebook_are_named_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(compile=SimpleNamespace(_filename_map={__file__: 7}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert describe(site_here()) == f"cell 7, line {site_here.__code__.co_firstlineno + 1}"


def test_a_notebooks_own_lines_are_not_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {__file__: 7}
    shell = SimpleNamespace(compile=SimpleNamespace(_filename_map=numbers))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    namespace: dict[str, Any] = {"__name__": "IPython.lib.pretty", "here": here}
    exec(compile("def show():\n    return here()", "<display>", "exec"), namespace)
    assert describe(namespace["show"]()).startswith("cell 7, line ")
    numbers.clear()
    assert namespace["show"]() is None


def test_a_place_past_the_end_is_the_first_line() -> None:
    code = site_here.__code__
    assert line_of((code, 10**6)) == code.co_firstlineno
