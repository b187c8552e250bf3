"""What convolutions and pools agree on: one number or one a dimension, batches, sizes of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.recording.parameters import kind_of
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError

Ints = tuple[int, ...]


def per_dim(given: Any, count: int, name: str) -> Ints:
    """One integer a dimension, of one for all or of as many.

    Raises:
        ArgumentError: another number of them.
        TypeError: they are no integers.
    """
    if isinstance(given, int):
        return (given,) * count
    if not isinstance(given, (list, tuple)) or any(isinstance(n, (str, float)) for n in given):
        raise TypeError(f"argument '{name}' must be tuple of ints, not {kind_of(given)}")
    values = tuple(int(n) for n in given)
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise ArgumentError(
            f"{name} must either be a single int, or a tuple of {count} ints, got {list(values)}"
        )
    return values


def batched(x: Tensor, spatial: int, name: str) -> tuple[Tensor, bool]:
    """x with a batch dimension, and whether it had none.

    Raises:
        ArgumentError: it has neither `spatial` + 1 nor `spatial` + 2 dimensions.
    """
    if x.ndim == spatial + 2:
        return x, False
    if x.ndim != spatial + 1:
        raise ArgumentError(
            f"Expected {spatial + 1}D (unbatched) or {spatial + 2}D (batched) input to {name}, but got "
            f"input of size: "
            f"{list(x.shape)}"
        )
    return p.reshape(x, shape=(1, *x.shape)), True


def unbatched(x: Tensor, single: bool) -> Tensor:
    """x without the batch dimension that was added."""
    return p.reshape(x, shape=tuple(x.shape[1:])) if single else x


def surrounded(x: Tensor, low: Sequence[int], high: Sequence[int], value: float = 0) -> Tensor:
    """x with a value before and behind its last dimensions; negative numbers take away."""
    if not any(low) and not any(high):
        return x
    lead = (0,) * (x.ndim - len(low))
    return p.pad(x, low=(*lead, *low), high=(*lead, *high), interior=(0,) * x.ndim, value=value)


def _pooled_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    # The last window must not lie in the padding alone.
    return count - 1 if ceil_mode and (count - 1) * stride >= size + padding else count


def pooled_sizes(
    shape: Sequence[int], sizes: Ints, strides: Ints, padding: Ints, dilations: Ints, *, ceil_mode: bool
) -> Ints:
    """How many windows a pool sees along each of the last dimensions.

    Source: pooling_output_shape of PyTorch 2.13.

    Raises:
        ArgumentError: a stride is 0.
        ShapeError: the windows do not fit.
    """
    if 0 in strides:
        raise ArgumentError("stride should not be zero")
    spatial = shape[len(shape) - len(sizes) :]
    counts = tuple(
        _pooled_size(n, size, step, side, gap, ceil_mode)
        for n, size, step, side, gap in zip(spatial, sizes, strides, padding, dilations, strict=True)
    )
    if any(count < 1 for count in counts):
        channels = shape[len(shape) - len(sizes) - 1]
        before, after = ("x".join(map(str, (channels, *dims))) for dims in (spatial, counts))
        raise ShapeError(
            f"Given input size: ({before}). Calculated output size: ({after}). Output size is too small"
        )
    return counts
