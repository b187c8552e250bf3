"""A batch norm taken into the layer before it, for when there is no more training."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from telegrad.making.creation import ones_like, zeros_like
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter
from telegrad.tensor import Tensor

M = TypeVar("M", bound=Module)


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise AssertionError(words)  # torch's own class for what does not fit here


def _fused(
    weight: Tensor, bias: Tensor | None, mean: Tensor, scale: Tensor, shift: Tensor, shape: list[int]
) -> tuple[Parameter, Parameter]:
    """The weight, each output's slice scaled, and the bias that goes with it."""
    own = zeros_like(mean) if bias is None else bias
    new_weight: Tensor = (weight * scale.reshape(shape)).to(weight.dtype)
    new_bias: Tensor = ((own - mean) * scale + shift).to(weight.dtype if bias is None else bias.dtype)
    return (
        Parameter(new_weight.detach(), weight.requires_grad),
        Parameter(new_bias.detach(), own.requires_grad),
    )


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a convolution that does what it and a batch norm behind it do.

    Args:
        conv_w: the convolution's weight.
        conv_b: its bias.
        bn_rm: the norm's running mean.
        bn_rv: its running variance.
        bn_eps: added to that.
        bn_w: its weight.
        bn_b: its bias.
        transpose: the convolution is a transpose.
    """
    scale = (ones_like(bn_rm) if bn_w is None else bn_w) * (bn_rv + bn_eps).rsqrt()
    shift = zeros_like(bn_rm) if bn_b is None else bn_b
    around = [1] * (conv_w.ndim - 2)
    return _fused(conv_w, conv_b, bn_rm, scale, shift, [1, -1, *around] if transpose else [-1, 1, *around])


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a linear layer that does what it and a batch norm behind it do."""
    return _fused(linear_w, linear_b, bn_rm, bn_w * (bn_rv + bn_eps).rsqrt(), bn_b, [-1, 1])


def _copied(layer: M, norm: Any) -> M:
    _require(not (layer.training or norm.training), "Fusion only for eval!")
    _require(
        norm.running_mean is not None and norm.running_var is not None,
        "bn.running_mean and bn.running_var must not be None",
    )
    return copy.deepcopy(layer)


def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """A convolution that does what this one and a batch norm behind it do.

    Raises:
        AssertionError: one of them is in training, or the norm has no statistics.
    """
    fused: Any = _copied(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused  # type: ignore[no-any-return]


def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """A linear layer that does what this one and a batch norm behind it do.

    Raises:
        AssertionError: one of them is in training, their features differ, or the norm has no statistics.
    """
    fused: Any = _copied(linear, bn)
    _require(
        bn.num_features in (linear.out_features, 1),
        "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
        f"{linear.out_features} and bn.num_features={bn.num_features}",
    )
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused  # type: ignore[no-any-return]
