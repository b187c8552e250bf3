"""Activations that write their result into their input, by torch's names with an underscore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrad.nn.functional.activation import (
    BOTH,
    HERE,
    celu,
    elu,
    hardtanh,
    leaky_relu,
    relu,
    selu,
    threshold,
)
from telegrad.nn.functional.noise import rrelu
from telegrad.recording.registry import FUNCTIONS
from telegrad.tensor import Tensor


def _writing(function: Callable[..., Tensor], *namespaces: str) -> Callable[..., Tensor]:
    def written(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return function(input, *args, **kwargs, inplace=True)

    name = written.__name__ = written.__qualname__ = f"{function.__name__}_"
    written.__doc__ = f"`{function.__name__}`, written into the input."
    for namespace in namespaces:
        FUNCTIONS.setdefault(namespace, {}).setdefault(name, written)
    return written


celu_ = _writing(celu, *BOTH)
elu_ = _writing(elu, HERE)
hardtanh_ = _writing(hardtanh, HERE)
leaky_relu_ = _writing(leaky_relu, HERE)
relu_ = _writing(relu, *BOTH)
rrelu_ = _writing(rrelu, *BOTH)
selu_ = _writing(selu, *BOTH)
threshold_ = _writing(threshold, *BOTH)
