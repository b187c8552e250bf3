"""Images in another size: the nearest element, or weighted neighbours, one dimension after the other."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import index_tensor
from telegrad.making.creation import from_array
from telegrad.making.promotion import cast, constant
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.adaptive import adaptive_means
from telegrad.nn.functional.padding import ModeError
from telegrad.recording.registry import couple, function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import float32, uint8
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError

Floats = np.ndarray[Any, Any]

#: Keys' cubic convolution, with the sharpness that torch uses.
_CUBIC = -0.75

_LABELS = {
    "nearest": "UpsampleNearest{}DBackward0",
    "nearest-exact": "UpsampleNearestExact{}DBackward0",
    "linear": "UpsampleLinear1DBackward0",
    "bilinear": "UpsampleBilinear2DBackward0",
    "trilinear": "UpsampleTrilinear3DBackward0",
    "bicubic": "UpsampleBicubic2DBackward0",
    "area": "AdaptiveAvgPool{}DBackward0",
}
_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


@dataclass(frozen=True, slots=True)
class Line:
    """How one dimension is resized.

    Attributes:
        size: its length.
        target: its length afterwards.
        scale: the factor that was asked for, None where it follows from the lengths.
    """

    size: int
    target: int
    scale: float | None

    def step(self) -> float:
        """How far apart in the input two neighbours of the output lie."""
        return 1 / self.scale if self.scale else self.size / self.target


def _nearest(line: Line, *, exact: bool) -> list[int]:
    # In single precision, as torch's kernels do: other roundings would take other elements.
    step = np.float32(line.step())
    places = np.arange(line.target, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return [min(int(n), line.size - 1) for n in np.floor(places * step)]


def _source(line: Line, align_corners: bool, *, cubic: bool) -> Floats:
    """Where in the input the elements of the output lie."""
    places = np.arange(line.target, dtype=np.float64)
    if align_corners:
        return places * ((line.size - 1) / (line.target - 1) if line.target > 1 else 0.0)
    source = (places + 0.5) * line.step() - 0.5
    return source if cubic else np.maximum(source, 0)


def _linear_taps(line: Line, align_corners: bool) -> list[tuple[Floats, Floats]]:
    source = _source(line, align_corners, cubic=False)
    first = np.minimum(np.floor(source), line.size - 1).astype(np.int64)
    share = np.clip(source - first, 0, 1)
    return [(first, 1 - share), (np.minimum(first + 1, line.size - 1), share)]


def _cubic_taps(line: Line, align_corners: bool) -> list[tuple[Floats, Floats]]:
    source = _source(line, align_corners, cubic=True)
    first = np.floor(source)
    share = source - first

    def near(x: Floats) -> Floats:
        return ((_CUBIC + 2) * x - (_CUBIC + 3)) * x * x + 1

    def far(x: Floats) -> Floats:
        return ((_CUBIC * x - 5 * _CUBIC) * x + 8 * _CUBIC) * x - 4 * _CUBIC

    weights = [far(share + 1), near(share), near(1 - share), far(2 - share)]
    return [
        (np.clip(first + k - 1, 0, line.size - 1).astype(np.int64), weight)
        for k, weight in enumerate(weights)
    ]


def _smooth_taps(line: Line, align_corners: bool, *, cubic: bool) -> list[tuple[Floats, Floats]]:
    """Weights that widen with the step, so that no element is stepped over.

    Source: _compute_indices_weights_aa of PyTorch 2.13.
    """
    step = (
        (line.size - 1) / (line.target - 1)
        if align_corners and line.target > 1
        else 0.0
        if align_corners
        else line.step()
    )
    half = 2 if cubic else 1
    reach = half * step if step >= 1 else float(half)
    inverse = 1 / step if step >= 1 else 1.0
    taps = math.ceil(reach) * 2 + 1
    places, weights = np.zeros((taps, line.target), np.int64), np.zeros((taps, line.target))
    for i in range(line.target):
        centre = step * (i + 0.5)
        low = max(int(centre - reach + 0.5), 0)
        count = min(int(centre + reach + 0.5), line.size) - low
        x = np.abs((np.arange(count) + low - centre + 0.5) * inverse)
        drawn = _smooth_cubic(x) if cubic else np.maximum(1 - x, 0)
        places[:count, i] = np.arange(count) + low
        weights[:count, i] = drawn / drawn.sum()
    return list(zip(places, weights, strict=True))


def _smooth_cubic(x: Floats) -> Floats:
    a = -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    result: Floats = np.where(x < 1, near, np.where(x < 2, far, 0))
    return result


def _weighted(x: Tensor, axis: int, taps: Sequence[tuple[Floats, Floats]]) -> Tensor:
    """The sum over taps of the elements at their places times their weights, along an axis."""
    out: Tensor | None = None
    for places, weights in taps:
        shape = tuple(len(weights) if i == axis else 1 for i in range(x.ndim))
        factor = from_array(weights.astype(x.dtype.typestr).reshape(shape))
        part = p.mul(p.index(x, from_array(places), axes=(axis,)), factor)
        out = part if out is None else p.add(out, part)
    assert out is not None, "there are taps"
    return out


def _weighted_bytes(x: Tensor, axis: int, taps: Sequence[tuple[Floats, Floats]]) -> Tensor:
    """The same of bytes: computed in single precision, rounded, and kept within their range."""
    exact = _weighted(cast(x, float32), axis, taps)
    rounded = p.floor(p.add(exact, constant(0.5, float32)))
    within = p.minimum(p.maximum(rounded, constant(0.0, float32)), constant(255.0, float32))
    return cast(within, uint8)


def _lines(x: Tensor, size: Any, scale_factor: Any, recompute: bool | None) -> list[Line]:
    spatial = [int(n) for n in x.shape[2:]]
    count = len(spatial)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(
            "only one of size or scale_factor should be defined"
            if size is not None
            else "either size or scale_factor should be defined"
        )
    if size is not None:
        sizes = [size] * count if isinstance(size, int) else [int(n) for n in size]
        if len(sizes) != count:
            raise ShapeError(
                f"Input and output must have the same number of spatial dimensions, but got input with "
                f"spatial dimensions of "
                f"{spatial} and output size of {sizes}. Please provide input tensor in (N, C, d1, d2, "
                f"...,dK) format and "
                "output size in (o1, o2, ...,oK) format."
            )
        return [Line(n, m, None) for n, m in zip(spatial, sizes, strict=True)]
    factors = (
        [float(f) for f in scale_factor]
        if isinstance(scale_factor, (list, tuple))
        else [float(scale_factor)] * count
    )
    if len(factors) != count:
        raise ShapeError(
            f"Input and scale_factor must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of "
            f"{spatial} and scale_factor of shape {factors}."
        )
    return [
        Line(n, math.floor(n * factor), None if recompute else factor)
        for n, factor in zip(spatial, factors, strict=True)
    ]


def _no_such(mode: str, ndim: int) -> ModeError:
    if ndim in (3, 4, 5) and mode in ("linear", "bilinear", "trilinear"):
        return ModeError(f"Got {ndim}D input, but {mode} mode needs {_DIMS[mode] + 2}D input")
    return ModeError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | "
        f"linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})"
    )


@function(namespace=HERE, label=None)
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The last dimensions resized: to a size, or by a factor.

    Raises:
        ArgumentError: arguments that do not go together.
        DTypeError: weighted elements of integers other than bytes.
        ModeError: there is no such mode, or not for so many dimensions.
        ShapeError: sizes that do not fit.
    """
    if mode not in _LABELS:
        raise _no_such(mode, input.ndim)
    plain = mode in ("nearest", "area", "nearest-exact")
    if plain and align_corners is not None:
        raise ArgumentError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic "
            "| trilinear"
        )
    count = input.ndim - 2
    if count not in (1, 2, 3) or (mode in _DIMS and _DIMS[mode] != count):
        raise _no_such(mode, input.ndim)
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    lines = _lines(input, size, scale_factor, recompute_scale_factor)
    for line in lines:
        if line.size < 1 or line.target < 1:
            raise ShapeError(
                f"Input and output sizes should be greater than 0, but got input {[n.size for n in lines]} "
                f"and output "
                f"{[n.target for n in lines]}"
            )
    label = "SqueezeBackward1" if mode == "area" and count == 1 else _LABELS[mode].format(count)
    if antialias:
        label = label.replace("2DBackward0", "2DAaBackward0")
    if mode == "area":
        return couple(labelled(adaptive_means(input, tuple(line.target for line in lines)), label), input)
    if not plain and input.dtype.kind in "iub" and input.dtype is not uint8:
        raise DTypeError(f"interpolate: mode {mode} is not implemented for '{scalar_name(input.dtype)}'")
    x = input
    # Of bytes the last axis comes first, and each axis is rounded, as torch does it.
    for axis, line in sorted(enumerate(lines, 2), reverse=input.dtype is uint8, key=lambda pair: pair[0]):
        if plain:
            x = p.index(x, index_tensor(_nearest(line, exact=mode == "nearest-exact")), axes=(axis,))
            continue
        cubic, corners = mode == "bicubic", bool(align_corners)
        if antialias:
            taps = _smooth_taps(line, corners, cubic=cubic)
        else:
            taps = _cubic_taps(line, corners) if cubic else _linear_taps(line, corners)
        x = _weighted(x, axis, taps) if x.dtype is not uint8 else _weighted_bytes(x, axis, taps)
    return labelled(x, label)


@function(namespace=HERE, label=None)
def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The last dimensions resized; the old name of `interpolate`."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3
    )
    return interpolate(input, size, scale_factor, mode, align_corners)
