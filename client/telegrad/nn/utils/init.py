"""Modules whose parameters are not initialised."""

from __future__ import annotations

import inspect
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.making.creation import empty_like
from telegrad.nn.module import Module
from telegrad.nn.uninitialized import is_lazy
from telegrad.random import get_rng_state, set_rng_state
from telegrad_proto.errors import GradientError


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters and buffers nobody has set; nothing is computed and nothing drawn for them.

    Args:
        module_cls: the class, which takes `device`.
        args: for the class.
        kwargs: for the class.

    Raises:
        GradientError: no Module, or one that takes no `device`: torch's text.
    """
    if not issubclass(module_cls, Module):
        raise GradientError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise GradientError("Module must support a 'device' arg to skip initialization")
    state = get_rng_state()
    try:
        made: Module = module_cls(*args, **kwargs)
    finally:
        set_rng_state(state)
    with no_grad():
        for each in (*made.parameters(), *made.buffers()):
            if not is_lazy(each):
                each.data = empty_like(each)
    return made
