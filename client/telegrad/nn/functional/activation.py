"""Activations: functions that bend each element.

Each branch that is not taken is kept away from the numbers that would overflow in it, so that no derivative
is 0 * inf.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.arithmetic import add, div, sub
from telegrad.functions.operands import like
from telegrad.functions.pieces import part
from telegrad.functions.pointwise import tanh
from telegrad.making.promotion import Number, to_float
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import bool_
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.shapes import normalize_axis

BOTH: Final = ("", "nn.functional")
HERE: Final = "nn.functional"

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def rectified(x: Tensor) -> Tensor:
    """x where it is positive, else 0; NaN stays."""
    zero = like(x, 0)
    return p.where(p.le(x, zero), zero, x)


@function(namespace=BOTH, method=True, inplace=True, coupled=True)
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element, or 0 where it is negative."""
    _no_bool(input, "relu")
    return rectified(input)


def _no_bool(x: Tensor, name: str) -> None:
    if x.dtype is bool_:
        raise DTypeError(f"Boolean inputs not supported for {name}")


def between(x: Tensor, low: Number, high: Number) -> Tensor:
    """x cut off at two bounds, where its derivative is 0."""
    least, most = like(x, low), like(x, high)
    return p.where(p.le(x, least), least, p.where(p.ge(x, most), most, x))


@function(namespace=HERE, coupled=True)
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element cut off at two bounds.

    Raises:
        ArgumentError: the lower bound is above the upper one.
    """
    if min_val > max_val:
        raise ArgumentError("min_val cannot be greater than max_val")
    _no_bool(input, "hardtanh")
    if input.dtype.kind == "u" and (min_val < 0 or max_val < 0):
        raise DTypeError("cannot do hardtanh on an unsigned type with negative limits")
    return between(input, min_val, max_val)


@function(namespace=HERE, label="HardtanhBackward0", coupled=True)
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element cut off at 0 and 6."""
    _no_bool(input, "relu6")
    return between(input, 0, 6)


@function(namespace=HERE)
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A straight line from 0 at -3 to 1 at 3, cut off there."""
    return p.div(between(p.add(input, like(input, 3)), 0, 6), like(input, 6))


@function(namespace=HERE)
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x)."""
    x = input
    inner = p.div(p.mul(x, p.add(x, like(x, 3))), like(x, 6))
    return p.where(p.le(x, like(x, -3)), like(x, 0), p.where(p.ge(x, like(x, 3)), x, inner))


@function(namespace=HERE, coupled=True)
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Each element, `negative_slope` times that where it is negative."""
    return p.where(p.gt(input, like(input, 0)), input, p.mul(input, like(input, negative_slope)))


def _elu(x: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    zero = like(x, 0)
    negative = p.lt(x, zero)
    below = p.where(negative, x, zero)
    bent = p.expm1(below if input_scale == 1 else p.mul(below, like(x, input_scale)))
    slope, at_zero = like(x, scale), alpha * scale * input_scale
    if at_zero != scale:
        # At 0 itself the slope is that of the left side; both sides are straight there, as torch has it.
        slope = p.where(p.eq(x, zero), like(x, at_zero), slope)
    above = x if scale == at_zero == 1 else p.mul(x, slope)
    return p.where(negative, p.mul(bent, like(x, alpha * scale)), above)


@function(namespace=HERE)
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, alpha (exp(x) - 1) elsewhere."""
    return _elu(input, alpha, 1.0, 1.0)


@function(namespace=BOTH, label="EluBackward0")
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """The elu that keeps mean 0 and variance 1 from layer to layer."""
    return _elu(input, _SELU_ALPHA, _SELU_SCALE, 1.0)


@function(namespace=BOTH)
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, alpha (exp(x / alpha) - 1) elsewhere.

    Raises:
        ArgumentError: alpha is 0.
    """
    if alpha == 0:
        raise ArgumentError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _elu(input, alpha, 1.0, 1.0 / alpha)


@function(namespace=HERE)
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the normal distribution function of x; "tanh" is an older approximation.

    Raises:
        ArgumentError: another approximation.
    """
    x = input
    half = p.mul(x, like(x, 0.5))
    one = like(x, 1)
    if approximate == "none":
        return p.mul(half, p.add(p.erf(p.mul(x, like(x, math.sqrt(0.5)))), one))
    if approximate != "tanh":
        raise ArgumentError("approximate argument must be either none or tanh.")
    cube = p.mul(p.mul(p.mul(x, x), x), like(x, 0.044715))
    return p.mul(half, p.add(p.tanh(p.mul(p.add(x, cube), like(x, math.sqrt(2 / math.pi)))), one))


@function(namespace=HERE)
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x)."""
    return p.mul(input, p.sigmoid(input))


def _softplus(x: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = x if beta == 1 else p.mul(x, like(x, beta))
    straight = p.gt(scaled, like(x, threshold))
    bent = p.log1p(p.exp(p.where(straight, like(x, 0), scaled)))
    return p.where(straight, x, bent if beta == 1 else p.div(bent, like(x, beta)))


@function(namespace=HERE)
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold."""
    return _softplus(input, beta, threshold)


@function(namespace=HERE)
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x))."""
    return p.mul(input, p.tanh(_softplus(input, 1.0, 20.0)))


@function(namespace=HERE, label="LogSigmoidBackward0")
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), accurate on both sides."""
    x, zero = input, like(input, 0)
    negative = p.lt(x, zero)
    away = p.exp(p.where(negative, x, p.neg(x)))
    return p.sub(p.where(negative, x, zero), p.log1p(away))


@function(namespace=HERE, label="DivBackward0")
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return div(input, add(p.abs(input), 1))


@function(namespace=HERE, label="SubBackward0")
def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return sub(input, tanh(input))


@function(namespace=BOTH, coupled=True)
def threshold(input: Tensor, threshold: Number, value: Number, inplace: bool = False) -> Tensor:
    """Each element above the threshold, `value` elsewhere."""
    return p.where(p.le(input, like(input, threshold)), like(input, value), input)


def _inside(x: Tensor, bound: float) -> Tensor:
    return p.logical_and(p.ge(x, like(x, -bound)), p.le(x, like(x, bound)))


@function(namespace=BOTH, method=True, coupled=True)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, or 0 where it lies in [-lambd, lambd]."""
    return p.where(_inside(input, lambd), like(input, 0), input)


@function(namespace=HERE, coupled=True)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element moved towards 0 by lambd, or 0 where it lies nearer than that.

    Raises:
        ArgumentError: lambd is negative.
    """
    if lambd < 0:
        name, most = scalar_name(input.dtype), float(np.finfo(input.dtype.typestr).max)
        raise ArgumentError(
            f"lambda must be in range [0, {most:g}] for input dtype {name}, but found {lambd:g}"
        )
    bound = like(input, lambd)
    moved = p.where(p.gt(input, like(input, 0)), p.sub(input, bound), p.add(input, bound))
    return p.where(_inside(input, lambd), like(input, 0), moved)


@function(namespace=HERE)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along a dimension times the sigmoid of the second.

    Raises:
        ShapeError: there is no dimension, or its length is odd.
    """
    if not input.ndim:
        raise ShapeError("glu does not support scalars because halving size must be even")
    axis = normalize_axis(dim, input.ndim)
    size = input.shape[axis]
    if size % 2:
        raise ShapeError(f"Halving dimension must be even, but dimension {axis} is size {size}")
    return p.mul(part(input, axis, 0, size // 2), p.sigmoid(part(input, axis, size // 2, size)))


@function(namespace=BOTH, method=True, label="PreluKernelBackward0", coupled=True)
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Each element, its channel's weight times that where it is negative; channels are the second dimension.

    Raises:
        ShapeError: there are neither one weight nor one for each channel.
    """
    x, w = input, weight
    if w.ndim > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}")
    if w.numel() != 1:
        if not x.ndim:
            raise ShapeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != w.numel():
            raise ShapeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{w.numel()} and "
                f"channel size = {channels}."
            )
    if w.ndim and x.ndim != 1:
        w = p.reshape(w, shape=tuple(w.numel() if i == 1 else 1 for i in range(x.ndim)))
    return p.where(p.gt(x, like(x, 0)), x, p.mul(w, x))


@function(namespace=HERE, label="SigmoidBackward0", name="sigmoid")
def _sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return p.sigmoid(to_float(input))


@function(namespace=HERE, label="TanhBackward0", name="tanh")
def _tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return p.tanh(to_float(input))
