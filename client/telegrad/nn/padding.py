"""Padding layers: elements around the last dimensions."""

from __future__ import annotations

from typing import Any

from telegrad.nn import functional as F
from telegrad.nn.module import Module
from telegrad.nn.sizes import repeated
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class _Pad(Module):
    """Puts elements around its input.

    Attributes:
        spatial: over how many dimensions.
        mode: where the elements come from.
    """

    spatial = 0
    mode = ""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = repeated(padding, 2 * self.spatial)

    def forward(self, input: Tensor) -> Tensor:
        if self.mode == "circular" and input.ndim not in (self.spatial + 1, self.spatial + 2):
            count = self.spatial
            raise ArgumentError(f"expected {count + 1}D or {count + 2}D input (got {input.ndim}D input)")
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(Module):
    """Puts one number around its input."""

    spatial = 0

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__()
        self.padding, self.value = repeated(padding, 2 * self.spatial), value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    """Puts zeros around its input."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Puts one number around the last dimension."""

    spatial = 1


class ConstantPad2d(_ConstantPad):
    """Puts one number around the last two dimensions."""

    spatial = 2


class ConstantPad3d(_ConstantPad):
    """Puts one number around the last three dimensions."""

    spatial = 3


class ZeroPad1d(_ZeroPad):
    """Puts zeros around the last dimension."""

    spatial = 1


class ZeroPad2d(_ZeroPad):
    """Puts zeros around the last two dimensions."""

    spatial = 2


class ZeroPad3d(_ZeroPad):
    """Puts zeros around the last three dimensions."""

    spatial = 3


class ReflectionPad1d(_Pad):
    """Mirrors the last dimension at its edges."""

    spatial, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Mirrors the last two dimensions at their edges."""

    spatial, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Mirrors the last three dimensions at their edges."""

    spatial, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Repeats the edges of the last dimension."""

    spatial, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Repeats the edges of the last two dimensions."""

    spatial, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Repeats the edges of the last three dimensions."""

    spatial, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Continues the last dimension from its other end."""

    spatial, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Continues the last two dimensions from their other ends."""

    spatial, mode = 2, "circular"


class CircularPad3d(_Pad):
    """Continues the last three dimensions from their other ends."""

    spatial, mode = 3, "circular"
