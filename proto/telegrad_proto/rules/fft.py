"""Discrete Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError
from telegrad_proto.rules.checks import require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def fft(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of the transform over `axes`: x's own.

    Raises:
        DTypeError: x is not complex.
        AxisError: axes out of range, twice or not increasing.
        ArgumentError: an axis of size 0.
    """
    (x,) = specs
    axes = attrs["axes"]
    require_kind(x.dtype, "c")
    shapes.check_axes(axes, x.ndim)
    for axis in axes:
        if x.shape[axis] == 0:
            raise ArgumentError(f"Invalid number of data points (0) specified in dimension {axis}")
    return (x,)
