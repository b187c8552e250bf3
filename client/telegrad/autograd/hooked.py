"""What hooks make of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError

Hook = Callable[[Tensor], Tensor | None]


def through(hooks: dict[int, Hook], gradient: Tensor) -> Tensor:
    """The gradient after the hooks.

    Raises:
        TypeError: a hook gave something else than a tensor or None.
        GradientError: or one of another type or shape.
    """
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


def _check(hook: Hook, before: Tensor, after: Any) -> None:
    if not isinstance(after, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(after).__name__}'")
    name = getattr(hook, "__name__", "<unknown>")
    if after.dtype is not before.dtype:
        raise GradientError(
            f"hook '{name}' has changed the type of value (was {before.type()} got {after.type()})"
        )
    if after.shape != before.shape:
        raise GradientError(f"hook '{name}' has changed the size of value")
