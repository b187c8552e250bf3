"""Functions that move elements between channels and places."""

from __future__ import annotations

import math

from telegrad import _primitives as p
from telegrad.nn.functional.activation import BOTH
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


def _image(x: Tensor, name: str) -> tuple[tuple[int, ...], int, int, int]:
    if x.ndim < 3:
        raise ShapeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {x.ndim} dimension(s)"
        )
    return tuple(x.shape[:-3]), x.shape[-3], x.shape[-2], x.shape[-1]


@function(namespace=BOTH)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Groups of channels laid out as squares of places.

    Shape: (..., c r^2, h, w) to (..., c, h r, w r)

    Raises:
        ArgumentError: the factor is not positive.
        ShapeError: the channels are no multiple of its square.
    """
    lead, channels, height, width = _image(input, "pixel_shuffle")
    r, k = upscale_factor, len(lead)
    if r <= 0:
        raise ArgumentError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if channels % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            "upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {r * r}"
        )
    out = channels // (r * r)
    parts = p.reshape(input, shape=(*lead, out, r, r, height, width))
    turned = p.transpose(parts, perm=(*range(k), k, k + 3, k + 1, k + 4, k + 2))
    return p.reshape(turned, shape=(*lead, out, height * r, width * r))


@function(namespace=BOTH)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Squares of places laid out as groups of channels.

    Shape: (..., c, h r, w r) to (..., c r^2, h, w)

    Raises:
        ArgumentError: the factor is not positive.
        ShapeError: height or width are no multiples of it.
    """
    lead, channels, height, width = _image(input, "pixel_unshuffle")
    r, k = downscale_factor, len(lead)
    if r <= 0:
        raise ArgumentError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    for name, size in (("height", height), ("width", width)):
        if size % r:
            raise ShapeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({-2 if name == 'height' else -1})={size} is not divisible by {r}"
            )
    parts = p.reshape(input, shape=(*lead, channels, height // r, r, width // r, r))
    turned = p.transpose(parts, perm=(*range(k), k, k + 2, k + 4, k + 1, k + 3))
    return p.reshape(turned, shape=(*lead, channels * r * r, height // r, width // r))


@function(namespace=BOTH, aliases=("native_channel_shuffle",))
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of groups in turn: one of each, then the next of each.

    Raises:
        ShapeError: fewer than three dimensions, or channels that are no multiple of the groups.
    """
    if input.ndim < 3:
        raise ShapeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}"
        )
    n, channels, *spatial = input.shape
    if groups <= 0 or channels % groups:
        raise ShapeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    parts = p.reshape(input, shape=(n, groups, channels // groups, math.prod(spatial)))
    return p.reshape(p.transpose(parts, perm=(0, 2, 1, 3)), shape=tuple(input.shape))
