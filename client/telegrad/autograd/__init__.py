"""Differentiation, by torch's names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from telegrad.autograd.mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]


def __getattr__(name: str) -> Any:
    # backward needs the recorder, which needs this package.
    if name in ("backward", "grad"):
        from telegrad.autograd import passes as module

        return getattr(module, name)
    if name == "gradgradcheck":
        from telegrad.autograd.twice import gradgradcheck

        return gradgradcheck
    if name in ("gradcheck", "GradcheckError"):
        from telegrad.autograd import checking

        return getattr(checking, name)
    if name in ("functional", "function", "forward_ad"):
        return import_module(f"telegrad.autograd.{name}")
    if name in ("detect_anomaly", "set_detect_anomaly"):
        from telegrad.autograd import anomaly

        return getattr(anomaly, name)
    if name == "Function":
        from telegrad.autograd.function import Function

        return Function
    if name in ("Variable", "variable"):
        from telegrad.making.constructors import variable

        return variable
    from telegrad.recording.registry import absent  # needs the recorder too

    raise absent(f"module {__name__!r}", "torch.autograd", name)
