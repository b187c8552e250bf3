"""A weight as a length and a direction (Salimans & Kingma 2016)."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from telegrad import _primitives as p
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError
from telegrad_proto.shapes import normalize_axis

M = TypeVar("M", bound=Module)


def length_of(weight: Tensor, dim: int) -> Tensor:
    """The norms of the slices along one dimension, or of the whole where that is -1.

    Shape: (..., n, ...) to (1, n, 1), or ()
    """
    every = tuple(range(weight.ndim))
    axes = every if dim == -1 else tuple(i for i in every if i != normalize_axis(dim, weight.ndim))
    return p.sqrt(p.sum(p.mul(weight, weight), axes=axes, keepdims=dim != -1))


class WeightNorm:
    """The hook that makes the weight of its two parameters before every call.

    Attributes:
        name: the weight's attribute; its parameters are `name_g` and `name_v`.
        dim: the dimension whose slices have lengths of their own; -1 for one length.
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def weight_of(self, module: Module) -> Tensor:
        """The direction, given the length."""
        length, direction = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return p.mul(direction, p.div(length, length_of(direction, self.dim)))

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.weight_of(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """The module, one of whose parameters is from now on made of its length and its direction.

    Args:
        module: the module.
        name: the parameter.
        dim: the dimension whose slices have lengths of their own; None for one length.

    Raises:
        GradientError: the parameter has been taken apart before.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if f"{name}_g" in module._parameters:
        raise GradientError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(length_of(weight.detach(), hook.dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    hook(module, ())
    _hooks_of(module)[name] = (hook, module.register_forward_pre_hook(hook))
    return module


def _hooks_of(module: Module) -> dict[str, Any]:
    """The module's hooks of this kind, by the weight's name."""
    found: dict[str, Any] = module.__dict__.setdefault("_weight_norms", {})
    return found


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """The module, the parameter in one piece again.

    Raises:
        ArgumentError: it has not been taken apart.
    """
    if name not in _hooks_of(module):
        raise ArgumentError(f"weight_norm of '{name}' not found in {module}")
    hook, handle = _hooks_of(module).pop(name)
    handle.remove()
    weight = hook.weight_of(module).detach()
    delattr(module, name)
    del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
    setattr(module, name, Parameter(weight))
    return module
