"""The handle that takes a hook away again."""

from __future__ import annotations

from typing import Any, Self


class Handle:
    """Removes a hook again; a context that removes it at its end."""

    __slots__ = ("_hooks", "_number")

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks = hooks
        self._number = max(hooks, default=0) + 1
        hooks[self._number] = hook

    def remove(self) -> None:
        """The hook is called no more."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
