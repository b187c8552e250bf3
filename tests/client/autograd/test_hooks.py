"""Handles take hooks away again."""

from __future__ import annotations

from typing import Any

from telegrad.autograd.hooks import Handle


def test_handles_remove_their_own_hook_only() -> None:
    hooks: dict[int, Any] = {}
    first, second = Handle(hooks, "a"), Handle(hooks, "b")
    assert list(hooks.values()) == ["a", "b"]
    first.remove()
    first.remove()
    assert list(hooks.values()) == ["b"]
    with Handle(hooks, "c"):
        assert list(hooks.values()) == ["b", "c"]
    second.remove()
    assert hooks == {}
