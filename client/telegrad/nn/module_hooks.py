"""Functions that are called around every module's forward: one module's own, and those of all modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telegrad.autograd.hooks import Handle

__all__ = [
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]

Hooks = dict[int, Callable[..., Any]]

#: Those of all modules, each called before a module's own.
FORWARD: Final[Hooks] = {}
FORWARD_PRE: Final[Hooks] = {}
BACKWARD: Final[Hooks] = {}
BACKWARD_PRE: Final[Hooks] = {}


def hooked(hooks: Hooks, hook: Callable[..., Any], *, prepend: bool = False) -> Handle:
    """The handle of a hook that is called after those that are there, or before them."""
    handle = Handle(hooks, hook)
    if prepend:
        number = handle._number
        others = {key: value for key, value in hooks.items() if key != number}
        mine = hooks[number]
        hooks.clear()
        hooks[number] = mine
        hooks.update(others)
    return handle


def before_forward(hook: Callable[..., Any], *, with_kwargs: bool) -> Callable[..., Any]:
    """A pre-hook as a function from module, arguments and keywords to arguments and keywords."""

    def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        changed = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if changed is None:
            return args, kwargs
        if not with_kwargs:
            return (changed if isinstance(changed, tuple) else (changed,)), kwargs
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
            )
        return changed

    return call


def after_forward(hook: Callable[..., Any], *, with_kwargs: bool, always_call: bool) -> Callable[..., Any]:
    """A hook as a function of module, arguments, keywords and output."""

    def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        return hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)

    call.always = always_call  # type: ignore[attr-defined]  # a mark on the function
    return call


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Calls `hook(module, args)` before every module's forward; what it returns takes the arguments' place.

    Args:
        hook: the function.
    """
    return hooked(FORWARD_PRE, before_forward(hook, with_kwargs=False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Calls `hook(module, args, output)` after every module's forward; what it returns takes the output's
    place.

    Args:
        hook: the function.
        with_kwargs: call `hook(module, args, kwargs, output)`.
        always_call: call it even if the forward raises.
    """
    return hooked(FORWARD, after_forward(hook, with_kwargs=with_kwargs, always_call=always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Calls `hook(module, grad_output)` when the gradients of a module's outputs are there.

    Args:
        hook: the function; what it returns takes the gradients' place.
    """
    return hooked(BACKWARD_PRE, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> Handle:
    """Calls `hook(module, grad_input, grad_output)` when the gradients of a module's inputs are there.

    Args:
        hook: the function; what it returns takes the inputs' gradients' place.
    """
    return hooked(BACKWARD, hook)
