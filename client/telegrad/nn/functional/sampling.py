"""Images read at any places: a grid of coordinates, and what lies between the elements around each."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import detached, expanded, like
from telegrad.linalg.matrices import tied
from telegrad.making.creation import from_array
from telegrad.making.promotion import constant
from telegrad.nn.functional.activation import HERE
from telegrad.recording.registry import couple, function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, ShapeError

_CUBIC: Final = -0.75


def _unnormalized(x: Tensor, size: int, align_corners: bool) -> Tensor:
    """Coordinates from [-1, 1] to elements: of their centres at the ends, or of their edges."""
    if align_corners:
        return p.mul(p.add(x, like(x, 1)), like(x, (size - 1) / 2))
    return p.mul(p.sub(p.mul(p.add(x, like(x, 1)), like(x, size)), like(x, 1)), like(x, 0.5))


def _clipped(x: Tensor, size: int) -> Tensor:
    """x held between the first element and the last; no gradient beyond, nor at the ends, as torch has it."""
    first, last = like(x, 0), like(x, size - 1)
    return p.where(p.le(x, first), first, p.where(p.ge(x, last), last, x))


def _reflected(x: Tensor, low: int, high: int) -> Tensor:
    """x mirrored at low / 2 and high / 2 until it lies between them."""
    if low == high:
        return p.mul(x, like(x, 0))
    least, span = like(x, low / 2), like(x, (high - low) / 2)
    away = p.sub(x, least)
    away = p.where(p.lt(away, like(x, 0)), p.neg(away), away)
    turns = p.floor(p.div(detached(away), span))
    extra = p.sub(away, p.mul(turns, span))
    even = p.eq(p.remainder(turns, like(x, 2)), like(x, 0))
    return p.where(even, p.add(extra, least), p.add(p.sub(span, extra), least))


def _inside(x: Tensor, size: int, padding: str, align_corners: bool) -> Tensor:
    """Coordinates of elements, brought back inside as the padding says."""
    if padding == "border":
        return _clipped(x, size)
    if padding == "reflection":
        low, high = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        return _clipped(_reflected(x, low, high), size)
    return x


def _read(image: Tensor, places: Sequence[Tensor]) -> Tensor:
    """The elements at integer coordinates, 0 outside.

    Shape: (n, c, *sizes) and for each size (n, *out) to (n, c, *out)
    """
    sizes = tuple(image.shape[2:])
    n, channels = image.shape[:2]
    out = tuple(places[0].shape[1:])
    there: Tensor | None = None
    flat: Tensor | None = None
    for x, size in zip(places, sizes, strict=True):
        valid = p.logical_and(p.ge(x, like(x, 0)), p.le(x, like(x, size - 1)))
        there = valid if there is None else p.logical_and(there, valid)
        whole = p.cast(p.where(valid, x, like(x, 0)), dtype=int64)
        flat = whole if flat is None else p.add(p.mul(flat, constant(size, int64)), whole)
    assert there is not None, "there is a dimension"
    assert flat is not None, "there is a dimension"
    count = math.prod(out)
    rows = p.reshape(image, shape=(n, channels, math.prod(sizes)))
    index = expanded(p.reshape(flat, shape=(n, 1, count)), (n, channels, count))
    found = p.reshape(p.gather(rows, index, axis=2), shape=(n, channels, *out))
    return p.where(p.reshape(there, shape=(n, 1, *out)), found, like(found, 0))


def _widened(weight: Tensor) -> Tensor:
    return p.reshape(weight, shape=(weight.shape[0], 1, *weight.shape[1:]))


def _linear(image: Tensor, coordinates: Sequence[Tensor]) -> Tensor:
    """The corners around each place, weighted by how near they are."""
    taps = []
    for x in coordinates:
        low = p.floor(detached(x))
        share = p.sub(x, low)
        taps.append([(low, p.sub(like(x, 1), share)), (p.add(low, like(x, 1)), share)])
    return _summed(image, taps)


def _summed(image: Tensor, taps: Sequence[Sequence[tuple[Tensor, Tensor]]]) -> Tensor:
    out: Tensor | None = None
    for chosen in itertools.product(*taps):
        weight = chosen[0][1]
        for _, more in chosen[1:]:
            weight = p.mul(weight, more)
        part = p.mul(_read(image, [place for place, _ in chosen]), _widened(weight))
        out = part if out is None else p.add(out, part)
    assert out is not None, "there are corners"
    return out


def _cubic_weights(share: Tensor) -> list[Tensor]:
    """Of the four elements around a place, `share` of the way from the second to the third."""

    def scale(x: Tensor, factor: float) -> Tensor:
        return p.mul(x, like(x, factor))

    def shifted(x: Tensor, by: float) -> Tensor:
        return p.add(x, like(x, by))

    def near(x: Tensor) -> Tensor:
        return shifted(p.mul(p.mul(shifted(scale(x, _CUBIC + 2), -(_CUBIC + 3)), x), x), 1)

    def far(x: Tensor) -> Tensor:
        inner = shifted(p.mul(shifted(scale(x, _CUBIC), -5 * _CUBIC), x), 8 * _CUBIC)
        return shifted(p.mul(inner, x), -4 * _CUBIC)

    rest = p.sub(like(share, 1), share)
    return [far(shifted(share, 1)), near(share), near(rest), far(shifted(rest, 1))]


def _cubic(image: Tensor, coordinates: Sequence[Tensor], padding: str, align_corners: bool) -> Tensor:
    taps = []
    for x, size in zip(coordinates, image.shape[2:], strict=True):
        low = p.floor(detached(x))
        weights = _cubic_weights(p.sub(x, low))
        places = [_inside(p.add(low, like(x, k - 1)), size, padding, align_corners) for k in range(4)]
        taps.append(list(zip(places, weights, strict=True)))
    return _summed(image, taps)


def _corners(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
            "Please "
            "specify align_corners=True if the old behavior is desired. See the documentation of "
            "grid_sample for "
            "details.",
            stacklevel=4,
        )
    return bool(align_corners)


@function(namespace=HERE, label=None)
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input at the places of a grid, whose coordinates run from -1 to 1, the last dimension's first.

    Shape: (n, c, h, w) and (n, i, j, 2) to (n, c, i, j); the same with one dimension more

    Raises:
        ArgumentError: there is no such mode or padding.
        ShapeError: shapes that do not fit.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ArgumentError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
            f"'{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', "
            "but "
            f"got: '{padding_mode}'"
        )
    spatial = input.ndim - 2
    if input.ndim not in (4, 5) or grid.ndim != input.ndim or grid.shape[-1] != spatial:
        raise ShapeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input "
            "with "
            f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if mode == "bicubic" and spatial != 2:
        raise ShapeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input.shape[0] != grid.shape[0]:
        raise ShapeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    corners = _corners(align_corners)
    coordinates = []
    for axis, size in enumerate(input.shape[2:]):
        place = spatial - 1 - axis
        lead = tuple(grid.shape[:-1])
        x = p.slice(
            grid, starts=(*(0 for _ in lead), place), limits=(*lead, place + 1), strides=(1,) * grid.ndim
        )
        coordinates.append(_unnormalized(p.reshape(x, shape=lead), size, corners))
    if mode == "bicubic":
        out = _cubic(input, coordinates, padding_mode, corners)
    else:
        inner = [
            _inside(x, size, padding_mode, corners)
            for x, size in zip(coordinates, input.shape[2:], strict=True)
        ]
        if mode == "nearest":
            # The grid stands in the graph all the same, with a derivative of 0.
            out = couple(tied(_read(input, [p.round(x) for x in inner]), grid), input, grid)
        else:
            out = _linear(input, inner)
    return labelled(out, f"GridSampler{spatial}DBackward0")


@function(namespace=("", HERE), label=None)
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid of places that affine maps take the elements of an image of this size to.

    Shape: (n, 2, 3) to (n, h, w, 2), or (n, 3, 4) to (n, d, h, w, 3)

    Raises:
        ShapeError: the maps do not fit the size.
        ArgumentError: they are not floating point.
    """
    if theta.dtype.kind != "f":
        raise ArgumentError(f"Expected theta to have floating point type, but got {theta.dtype}")
    n, _, *spatial = (int(k) for k in size)
    count = len(spatial)
    if count not in (2, 3) or tuple(theta.shape) != (n, count, count + 1):
        raise ShapeError(
            f"Expected a batch of {count}D affine matrices of shape Nx{count}x{count + 1} for size "
            f"{list(size)}. "
            f"Got {list(theta.shape)}."
        )
    align_corners = _corners(align_corners)
    lines = []
    for k in spatial:
        line = np.linspace(-1, 1, k) if k > 1 else np.zeros(1)
        lines.append(line if align_corners else line * (k - 1) / k)
    mesh = np.meshgrid(*lines, indexing="ij")
    base = np.stack([*reversed(mesh), np.ones_like(mesh[0])], axis=-1).reshape(1, -1, count + 1)
    places = p.matmul(from_array(base.astype(theta.dtype.typestr)), p.transpose(theta, perm=(0, 2, 1)))
    out = p.reshape(places, shape=(n, *spatial, count))
    return labelled(out, "ViewBackward0" if count == 3 else "AffineGridGeneratorBackward0")
