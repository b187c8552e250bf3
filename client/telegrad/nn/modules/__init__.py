"""torch's name for where the modules are: `nn.modules.module.Module` is `nn.Module`."""

from __future__ import annotations

from typing import Any

from telegrad.nn.modules import module

__all__ = ["module"]


def __getattr__(name: str) -> Any:
    from telegrad import nn  # which imports this package when it is named

    return getattr(nn, name)
