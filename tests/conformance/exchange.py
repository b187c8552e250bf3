"""Samples, carried from PyTorch into the module under test, and results carried back."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[Any]]

#: Arguments about where a tensor lives; the module under test has one kind of place.
ABOUT_MEMORY = ("device", "memory_format", "layout")


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The nested value with every leaf changed; its lists, tuples and dictionaries stay what they are."""
    if isinstance(value, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    if isinstance(value, torch.Size):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(item, change) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, change) for item in value)
    return change(value)


def fresh_leaf(value: Any) -> Any:
    """A tensor's copy with no history, so that gradients arrive on it; other values as they are."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value


def array(tensor: Any) -> Array:
    """A tensor's numbers, of either module."""
    detached = tensor.detach()
    return detached.numpy(force=True) if isinstance(detached, torch.Tensor) else detached.numpy()


def tensors(result: Any, kind: type) -> list[Any]:
    """The tensors in a result, in order: of one, of a sequence, of a sequence of sequences."""
    if isinstance(result, kind):
        return [result]
    return [t for item in result for t in tensors(item, kind)] if isinstance(result, (list, tuple)) else []


class Carrier:
    """Makes a sample's arguments anew in the module under test.

    Attributes:
        module: the module under test.
        pairs: PyTorch's tensors and what was made of them, in order.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.pairs: list[tuple[torch.Tensor, Any]] = []

    def __call__(self, value: Any) -> Any:
        """The module's counterpart of one argument that is no container."""
        if isinstance(value, torch.Tensor):
            numbers = value.detach().resolve_conj().resolve_neg().numpy().copy()
            made = self.module.tensor(numbers, requires_grad=value.requires_grad)
            self.pairs.append((value, made))
            return made
        if isinstance(value, torch.dtype):
            return getattr(self.module, str(value).removeprefix("torch."))
        return tuple(value) if isinstance(value, torch.Size) else value

    def arguments(self, first: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        """All of a sample's arguments."""
        kept = {name: value for name, value in kwargs.items() if name not in ABOUT_MEMORY}
        return mapped(first, self), mapped(args, self), mapped(kept, self)
