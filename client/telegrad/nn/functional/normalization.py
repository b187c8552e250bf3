"""Normalizations: elements less their mean, over their standard deviation, by groups of dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import cast_to, count_of, detached, like
from telegrad.functions.reduction import mean_over
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.recording.registry import function
from telegrad.sharing import writing
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import float16, float32
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _standardized(x: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """x with mean 0 and variance 1 over the axes; the mean and the variance, with the axes kept."""
    centre = mean_over(x, axes, True)
    away = p.sub(x, centre)
    variance = mean_over(p.mul(away, away), axes, True)
    return p.mul(away, p.rsqrt(p.add(variance, like(x, eps)))), centre, variance


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None, shape: Sequence[int]) -> Tensor:
    """weight x + bias, both in a shape that stretches against x."""
    if weight is not None:
        x = p.mul(x, p.reshape(weight, shape=tuple(shape)))
    return x if bias is None else p.add(x, p.reshape(bias, shape=tuple(shape)))


def _trailing(
    x: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, name: str
) -> tuple[int, ...]:
    shape = tuple(int(n) for n in normalized_shape)
    if not shape:
        raise ShapeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element"
        )
    if weight is not None and tuple(weight.shape) != shape:
        raise ShapeError(
            "Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight.shape)} and normalized_shape = {list(shape)}"
        )
    if x.ndim < len(shape) and name == "rms_norm":
        raise ArgumentError(f"Input tensor must have at least {len(shape)} dimensions, but got {x.ndim}")
    if tuple(x.shape[x.ndim - len(shape) :]) != shape or x.ndim < len(shape):
        raise ShapeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{', '.join(map(str, shape))}], "
            f"but got input of size{list(x.shape)}"
        )
    return tuple(range(x.ndim - len(shape), x.ndim))


@function(namespace=BOTH, label="NativeLayerNormBackward0", coupled=True)
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """Each sample with mean 0 and variance 1 over its last dimensions.

    Raises:
        ShapeError: the last dimensions, or the weight's, are not `normalized_shape`.
    """
    axes = _trailing(input, normalized_shape, weight, "layer_norm")
    out, _, _ = _standardized(input, axes, eps)
    return _affine(out, weight, bias, normalized_shape)


@function(namespace=BOTH, label="MulBackward0")
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Each sample over the root of its mean square over its last dimensions.

    Raises:
        ShapeError: the last dimensions, or the weight's, are not `normalized_shape`.
        ArgumentError: the input has fewer dimensions.
    """
    axes = _trailing(input, normalized_shape, weight, "rms_norm")
    if input.dtype.kind not in "fc":
        raise DTypeError(f"\"rms_norm\" not implemented for '{scalar_name(input.dtype)}'")
    least = float(np.finfo(input.dtype.to_real().typestr).eps) if eps is None else eps
    # Squares of halves overflow early: torch computes in single precision.
    x = cast_to(input, float32) if input.dtype is float16 else input
    square = mean_over(p.mul(x, x), axes, True)
    scaled = cast_to(p.mul(x, p.rsqrt(p.add(square, like(x, least)))), input.dtype)
    known = weight if weight is None else cast_to(weight, input.dtype)
    return _affine(scaled, known, None, normalized_shape)


@function(namespace=HERE, name="group_norm", label="NativeGroupNormBackward0")
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Each group of channels of each sample with mean 0 and variance 1.

    Raises:
        ShapeError: there are no channels, or the groups do not divide them.
    """
    if input.ndim < 2:
        raise ShapeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    n, channels, *spatial = input.shape
    if num_groups <= 0 or channels % num_groups:
        raise ShapeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    grouped = p.reshape(
        input, shape=(n, num_groups, count_of(input.shape, range(1, input.ndim)) // num_groups)
    )
    out, _, _ = _standardized(grouped, (2,), eps)
    return _affine(
        p.reshape(out, shape=tuple(input.shape)), weight, bias, (1, channels, *(1 for _ in spatial))
    )


def _update(running: Tensor | None, found: Tensor, momentum: float) -> None:
    """Moves a running statistic towards what was found in this batch."""
    if running is None:
        return
    with grad_mode(False):
        kept = p.mul(running, like(running, 1 - momentum))
        writing.write(running, p.add(kept, p.mul(detached(found), like(found, momentum))))


def _check_size(input: Tensor) -> None:
    size = count_of(input.shape, [i for i in range(input.ndim) if i != 1])
    if size == 1:
        raise ArgumentError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )


def _unbiased(variance: Tensor, count: int) -> Tensor:
    return p.mul(variance, like(variance, count / max(count - 1, 1)))


@function(namespace=HERE, label="NativeBatchNormBackward0", coupled=True)
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel with mean 0 and variance 1: this batch's in training, which the running ones follow.

    Raises:
        ArgumentError: one value a channel in training, or no running statistics else.
        ShapeError: statistics, weights or biases that are not one a channel.
    """
    if input.ndim < 2 and not input.numel():
        return p.identity(input)
    channels = input.shape[1]
    given = (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias))
    for name, x in given:
        if x is not None and x.numel() != channels:
            raise ShapeError(f"{name} should contain {channels} elements not {x.numel()}")
    line = tuple(channels if i == 1 else 1 for i in range(input.ndim))
    axes = tuple(i for i in range(input.ndim) if i != 1)
    if training:
        _check_size(input)
        out, centre, variance = _standardized(input, axes, eps)
        if input.numel():  # of an empty batch nothing is learned
            flat, unbiased = (channels,), _unbiased(variance, count_of(input.shape, axes))
            _update(running_mean, p.reshape(centre, shape=flat), momentum)
            _update(running_var, p.reshape(unbiased, shape=flat), momentum)
    else:
        if running_mean is None or running_var is None:
            missing = "running_mean" if running_mean is None else "running_var"
            raise ArgumentError(f"{missing} must be defined in evaluation mode")
        spread = p.rsqrt(p.add(running_var, like(running_var, eps)))
        away = p.sub(input, p.reshape(running_mean, shape=line))
        out = p.mul(away, p.reshape(spread, shape=line))
    return _affine(out, weight, bias, line)


@function(namespace=HERE, label="ViewBackward0", coupled=True)
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample with mean 0 and variance 1: its own, or the running ones.

    Raises:
        ArgumentError: one value a channel of a sample, or no running statistics where these are asked for.
    """
    n, channels = input.shape[:2]
    line = (1, channels, *(1 for _ in range(input.ndim - 2)))
    axes = tuple(range(2, input.ndim))
    count = count_of(input.shape, axes)
    if use_input_stats:
        if count == 1:
            raise ArgumentError(
                f"Expected more than 1 spatial element when training, got input size {input.shape}"
            )
        out, centre, variance = _standardized(input, axes, eps)
        shape = (n, channels)
        _update(running_mean, mean_over(p.reshape(centre, shape=shape), (0,), False), momentum)
        spread = _unbiased(p.reshape(variance, shape=shape), count)
        _update(running_var, mean_over(spread, (0,), False), momentum)
    else:
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "Expected running_mean and running_var to be defined when use_input_stats=False"
            )
        spread = p.rsqrt(p.add(running_var, like(running_var, eps)))
        away = p.sub(input, p.reshape(running_mean, shape=line))
        out = p.mul(away, p.reshape(spread, shape=line))
    return _affine(out, weight, bias, line)


@function(namespace=HERE, label="DivBackward0")
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Each element over a power of the mean square of the channels around it.

    Raises:
        ShapeError: fewer than three dimensions.
    """
    if input.ndim < 3:
        raise ShapeError(
            f"Expected 3D or higher dimensionality                          input (got {input.ndim} "
            f"dimensions)"
        )
    x = input
    if not x.numel():
        return x
    squares = p.mul(x, x)
    none = (0,) * x.ndim
    low, high = (tuple(n if i == 1 else 0 for i in range(x.ndim)) for n in (size // 2, (size - 1) // 2))
    squares = p.pad(squares, low=low, high=high, interior=none, value=0)
    order = (0, *range(2, x.ndim), 1)
    around = p.windows(p.transpose(squares, perm=order), sizes=(size,), strides=(1,), dilations=(1,))
    mean = mean_over(around, (x.ndim,), False)
    back = p.transpose(mean, perm=(0, x.ndim - 1, *range(1, x.ndim - 1)))
    return p.div(x, p.pow(p.add(p.mul(back, like(x, alpha)), like(x, k)), like(x, beta)))
