"""Convolutions and their transposes: windows times weights, as one matrix product a group."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad import _primitives as p
from telegrad.making.promotion import cast
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.nn.functional.geometry import Ints, batched, per_dim, surrounded, unbatched
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import bool_, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _check_weight(x: Tensor, weight: Tensor, bias: Tensor | None, ndim: int) -> None:
    if weight.ndim != ndim + 2:
        raise ShapeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight "
            f"{list(weight.shape)}, but got {x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    for given in (weight, bias):
        if given is not None and given.dtype is not x.dtype:
            raise DTypeError(
                f"expected scalar type {scalar_name(x.dtype)} but found {scalar_name(given.dtype)}"
            )


def _sides(padding: Any, sizes: Ints, strides: Ints, dilations: Ints) -> tuple[Ints, Ints]:
    """The padding before and behind each dimension."""
    if not isinstance(padding, str):
        sides = per_dim(padding, len(sizes), "padding")
        if any(side < 0 for side in sides):
            raise ShapeError("negative padding is not supported")
        return sides, sides
    if padding == "valid":
        return (0,) * len(sizes), (0,) * len(sizes)
    if padding != "same":
        raise ArgumentError(f"Invalid padding string: '{padding}'")
    if any(step != 1 for step in strides):
        raise ArgumentError("padding='same' is not supported for strided convolutions")
    total = [apart * (size - 1) for size, apart in zip(sizes, dilations, strict=True)]
    return tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)


def _with_bias(out: Tensor, bias: Tensor | None) -> Tensor:
    if bias is None:
        return out
    if tuple(bias.shape) != (out.shape[1],):
        raise ShapeError(
            f"expected bias to be 1-dimensional with {out.shape[1]} elements, but got bias of size "
            f"{list(bias.shape)} instead"
        )
    return p.add(out, p.reshape(bias, shape=(bias.shape[0], *(1 for _ in range(out.ndim - 2)))))


def convolved(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    ndim: int,
) -> Tensor:
    """The convolution of a batch over its last dimensions.

    Shape: (n, channels, *spatial) and (out, channels / groups, *sizes) to (n, out, *counts)
    """
    _check_weight(x, weight, bias, ndim)
    x, single = batched(x, ndim, f"conv{ndim}d")
    strides, apart = per_dim(stride, ndim, "stride"), per_dim(dilation, ndim, "dilation")
    made, per_group, *sizes = weight.shape
    low, high = _sides(padding, tuple(sizes), strides, apart)
    if groups < 1 or made % groups or x.shape[1] != per_group * groups:
        raise ShapeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to "
            f"have "
            f"{per_group * groups} channels, but got {x.shape[1]} channels instead"
        )
    padded = surrounded(x, low, high)
    for n, size, gap in zip(padded.shape[2:], sizes, apart, strict=True):
        if n < gap * (size - 1) + 1:
            raise ShapeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, padded.shape[2:]))}). "
                f"Kernel size: "
                f"({' x '.join(map(str, sizes))}). Kernel size can't be greater than actual input size"
            )
    seen = p.windows(padded, sizes=tuple(sizes), strides=strides, dilations=apart)
    n = x.shape[0]
    counts = tuple(seen.shape[2 : 2 + ndim])
    taps, places = per_group * math.prod(sizes), math.prod(counts)
    # Taps and channels of a group together, then the places: what a product with the weights sums over.
    order = (0, 1, *range(2 + ndim, 2 + 2 * ndim), *range(2, 2 + ndim))
    columns = p.reshape(p.transpose(seen, perm=order), shape=(n, groups, taps, places))
    rows = p.reshape(weight, shape=(groups, made // groups, taps))
    out = p.reshape(p.matmul(rows, columns), shape=(n, made, *counts))
    return _named(_with_bias(out, bias), single)


def _named(out: Tensor, single: bool) -> Tensor:
    return labelled(unbatched(out, True), "SqueezeBackward1") if single else out


def _conv(ndim: int) -> Callable[..., Tensor]:
    def apply(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        return convolved(input, weight, bias, stride, padding, dilation, groups, ndim)

    apply.__name__ = apply.__qualname__ = f"conv{ndim}d"
    apply.__doc__ = (
        f"The convolution over the last {ndim} dimension{'s' if ndim > 1 else ''}, weights not turned around."
    )
    return function(namespace=BOTH, label="ConvolutionBackward0", coupled=True)(apply)


conv1d = _conv(1)
conv2d = _conv(2)
conv3d = _conv(3)


def spread(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    ndim: int,
) -> Tensor:
    """The transpose of a convolution: each element adds its weights to a window.

    Shape: (n, channels, *spatial) and (channels, out / groups, *sizes) to (n, out, *larger)
    """
    _check_weight(x, weight, bias, ndim)
    x, single = batched(x, ndim, f"conv_transpose{ndim}d")
    strides, apart = per_dim(stride, ndim, "stride"), per_dim(dilation, ndim, "dilation")
    sides, more = per_dim(padding, ndim, "padding"), per_dim(output_padding, ndim, "output_padding")
    channels, per_group, *sizes = weight.shape
    if groups < 1 or channels % groups or x.shape[1] != channels:
        raise ShapeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input{list(x.shape)} to "
            f"have {channels} "
            f"channels, but got {x.shape[1]} channels instead"
        )
    for extra, step, gap in zip(more, strides, apart, strict=True):
        if extra and extra >= max(step, gap):
            raise ArgumentError(
                f"output padding must be smaller than either stride or dilation, but got output_padding "
                f"{list(more)}, "
                f"stride {list(strides)}, dilation {list(apart)}"
            )
    n, spatial = x.shape[0], tuple(x.shape[2:])
    taps, places = per_group * math.prod(sizes), math.prod(spatial)
    rows = p.reshape(weight, shape=(groups, channels // groups, taps))
    columns = p.reshape(x, shape=(n, groups, channels // groups, places))
    added = p.matmul(p.transpose(rows, perm=(0, 2, 1)), columns)
    added = p.reshape(added, shape=(n, groups * per_group, *sizes, *spatial))
    order = (0, 1, *range(2 + ndim, 2 + 2 * ndim), *range(2, 2 + ndim))
    whole = tuple(
        (m - 1) * step + gap * (size - 1) + 1
        for m, step, gap, size in zip(spatial, strides, apart, sizes, strict=True)
    )
    out = p.fold_windows(p.transpose(added, perm=order), spatial=whole, strides=strides, dilations=apart)
    out = surrounded(
        out, [-side for side in sides], [extra - side for extra, side in zip(more, sides, strict=True)]
    )
    return _named(_with_bias(out, bias), single)


def _conv_transpose(ndim: int) -> Callable[..., Tensor]:
    def apply(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Tensor:
        return spread(input, weight, bias, stride, padding, output_padding, groups, dilation, ndim)

    apply.__name__ = apply.__qualname__ = f"conv_transpose{ndim}d"
    apply.__doc__ = (
        f"The transpose of the convolution over the last {ndim} dimension{'s' if ndim > 1 else ''}."
    )
    return function(namespace=BOTH, label="ConvolutionBackward0", coupled=True)(apply)


conv_transpose1d = _conv_transpose(1)
conv_transpose2d = _conv_transpose(2)
conv_transpose3d = _conv_transpose(3)


def _require_positive(name: str, sizes: Ints, strides: Ints, dilations: Ints) -> None:
    for what, given in (("kernel size", sizes), ("stride", strides), ("dilation", dilations)):
        if min(given) <= 0:
            raise ShapeError(f"{name}: {what} should be greater than zero, but got {list(given)}")


def _require_sides(sides: Ints) -> None:
    if min(sides) < 0:
        raise ShapeError(
            f"padding should be non-negative, but got pad_height: {sides[0]} pad_width: {sides[1]}"
        )


@function(namespace=HERE, label="Im2ColBackward0")
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows over the last two dimensions as columns.

    Shape: (n, channels, height, width) to (n, channels * taps, places)

    Raises:
        ShapeError: no window fits, or the padding is below zero.
    """
    sizes, strides = per_dim(kernel_size, 2, "kernel_size"), per_dim(stride, 2, "stride")
    sides, apart = per_dim(padding, 2, "padding"), per_dim(dilation, 2, "dilation")
    _require_positive("unfold", sizes, strides, apart)
    _require_sides(sides)
    x, single = batched(input, 2, "unfold")
    counts = tuple(
        (n + 2 * side - gap * (size - 1) - 1) // step + 1
        for n, side, gap, size, step in zip(x.shape[2:], sides, apart, sizes, strides, strict=True)
    )
    if min(counts) < 1:
        raise ShapeError(
            f"Given input with spatial size {tuple(x.shape[2:])}, kernel_size={sizes}, dilation={apart}, "
            f"padding={sides}, calculated shape of the array of sliding blocks as {counts}, but its "
            f"components "
            "must be at least one."
        )
    seen = p.windows(surrounded(x, sides, sides), sizes=sizes, strides=strides, dilations=apart)
    n, channels, high, wide = seen.shape[:4]
    columns = p.transpose(seen, perm=(0, 1, 4, 5, 2, 3))
    return unbatched(p.reshape(columns, shape=(n, channels * math.prod(sizes), high * wide)), single)


@function(namespace=HERE, label="Col2ImBackward0")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns added up where their windows overlap: the transpose of `unfold`.

    Shape: (n, channels * taps, places) to (n, channels, height, width)

    Raises:
        ShapeError: taps or places do not fit, or the padding is below zero.
    """
    sizes, strides = per_dim(kernel_size, 2, "kernel_size"), per_dim(stride, 2, "stride")
    sides, apart = per_dim(padding, 2, "padding"), per_dim(dilation, 2, "dilation")
    target = per_dim(output_size, 2, "output_size")
    _require_positive("fold", sizes, strides, apart)
    _require_sides(sides)
    x, single = batched(input, 1, "fold")
    n, taps, places = x.shape
    channels, rest = divmod(taps, math.prod(sizes))
    whole = tuple(size + 2 * side for size, side in zip(target, sides, strict=True))
    counts = tuple(
        (m - gap * (size - 1) - 1) // step + 1
        for m, gap, size, step in zip(whole, apart, sizes, strides, strict=True)
    )
    if rest:
        raise ShapeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={taps} and kernel_size={sizes}."
        )
    if math.prod(counts) != places:
        raise ShapeError(
            f"Given output_size={target}, kernel_size={sizes}, dilation={apart}, padding={sides}, "
            f"stride={strides}, expected "
            f"size of input's dimension 2 to match the calculated number of sliding blocks {counts[0]} * "
            f"{counts[1]} = "
            f"{math.prod(counts)}, but got input.size(2)={places}."
        )
    columns = p.transpose(p.reshape(x, shape=(n, channels, *sizes, *counts)), perm=(0, 1, 4, 5, 2, 3))
    if x.dtype is bool_:  # of truth values the sum is whether there is a true one
        columns = cast(columns, int64)
    out = cast(p.fold_windows(columns, spatial=whole, strides=strides, dilations=apart), x.dtype)
    return unbatched(surrounded(out, [-side for side in sides], [-side for side in sides]), single)
