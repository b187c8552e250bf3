"""Losses of an element and its target."""

from __future__ import annotations

import math
import warnings

from telegrad import _primitives as p
from telegrad.functions.arithmetic import sub, xlogy
from telegrad.functions.operands import cast_to, detached, floating_pair, like, tensor_of
from telegrad.making.promotion import promote_all, promote_operands
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.activation import logsigmoid as _logsigmoid
from telegrad.nn.functional.reducing import chosen, reduced, reduced_openly
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import float16, float32
from telegrad_proto.errors import ArgumentError, DTypeError


def _warn_broadcast(input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            f"This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=4,
        )


def _times(loss: Tensor, weight: Tensor | None) -> Tensor:
    return loss if weight is None else p.mul(*promote_operands(loss, weight))


def _weighted_mean(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)
    axes = tuple(range(loss.ndim))
    total = _times(loss, weight)
    if reduction == "none":
        return labelled(total, "MulBackward0")
    total = p.sum(total, axes=axes, keepdims=False)
    if reduction == "sum":
        return labelled(total, "SumBackward0")
    # The sum of the weights as they were given, stretched or not.
    weights = p.sum(tensor_of(weight, total.dtype), axes=tuple(range(weight.ndim)), keepdims=False)
    return labelled(p.div(total, weights), "DivBackward0")


@function(namespace=HERE)
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared difference."""
    reduction = chosen(reduction, size_average, reduce)
    _warn_broadcast(input, target)
    away = p.sub(*promote_operands(input, target))
    return _weighted_mean(p.mul(away, away), weight, reduction)


@function(namespace=HERE, label=None)
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute difference."""
    reduction = chosen(reduction, size_average, reduce)
    _warn_broadcast(input, target)
    loss = p.abs(sub(input, target))
    if weight is not None:
        return _weighted_mean(loss, weight, reduction)
    return reduced_openly(loss, reduction)


@function(namespace=HERE)
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The absolute difference less beta / 2, below beta a parabola that meets it.

    Raises:
        ArgumentError: beta is negative.
    """
    reduction = chosen(reduction, size_average, reduce)
    if beta < 0:
        raise ArgumentError("smooth_l1_loss does not support negative values for beta.")
    _warn_broadcast(input, target)
    away = p.sub(*promote_operands(input, target))
    size = p.abs(away)
    if beta == 0:
        return reduced_openly(size, reduction)
    curved = p.mul(p.mul(away, away), like(away, 0.5 / beta))
    return reduced(
        p.where(p.lt(size, like(size, beta)), curved, p.sub(size, like(size, beta / 2))), reduction
    )


@function(namespace=HERE)
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared difference, a straight line where that is above delta.

    Raises:
        ArgumentError: delta is not positive.
    """
    reduction = chosen(reduction, None, None)
    if delta <= 0:
        raise ArgumentError("huber_loss does not support non-positive values for delta.")
    _warn_broadcast(input, target)
    away = p.sub(*promote_operands(input, target))
    size = p.abs(away)
    curved = p.mul(p.mul(away, away), like(away, 0.5))
    straight = p.mul(p.sub(size, like(size, delta / 2)), like(size, delta))
    return _weighted_mean(p.where(p.lt(size, like(size, delta)), curved, straight), weight, reduction)


#: The logarithms of a binary cross entropy end here, and so does the steepness of its slope.
_LOG_FLOOR = -100.0
_SLOPE_FLOOR = 1e-12


def _cross_entropy(x: Tensor, t: Tensor) -> Tensor:
    def floored(logarithm: Tensor) -> Tensor:
        return p.where(p.lt(logarithm, like(x, _LOG_FLOOR)), like(x, _LOG_FLOOR), logarithm)

    miss = p.mul(p.sub(t, like(t, 1)), floored(p.log1p(p.neg(x))))
    return p.sub(miss, p.mul(t, floored(p.log(x))))


def _probable(x: Tensor, name: str) -> Tensor:
    inside = p.logical_and(p.ge(x, like(x, 0)), p.le(x, like(x, 1)))
    return p.require(x, inside, message=f"all elements of {name} should be between 0 and 1")


@function(namespace=HERE)
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(t log x + (1 - t) log(1 - x)) of a probability x.

    The slope is (x - t) / (x (1 - x)), the divisor at least 1e-12: near 0 and 1 the loss is as steep as that
    and no steeper.

    Raises:
        ArgumentError: input and target differ in shape.
        InvalidValueError: looked at, where an element of input or target is no probability.
    """
    reduction = chosen(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ArgumentError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
            f"deprecated. "
            "Please ensure they have the same size."
        )
    x, t = promote_operands(input, target)
    x, t = _probable(x, "input"), _probable(t, "target")
    dtype = x.dtype
    if dtype is float16:  # the least divisor is nothing in half precision
        x, t = cast_to(x, float32), cast_to(t, float32)
    fixed = detached(x)
    steep = p.lt(p.mul(p.sub(like(x, 1), fixed), fixed), like(x, _SLOPE_FLOOR))
    inner = p.where(steep, like(x, 0.5), x)
    slope = p.div(p.sub(fixed, t), like(x, _SLOPE_FLOOR))
    at_edge = p.add(_cross_entropy(p.where(steep, fixed, like(x, 0.5)), t), p.mul(p.sub(x, fixed), slope))
    loss = _times(p.where(steep, at_edge, _cross_entropy(inner, t)), weight)
    return cast_to(reduced(loss, reduction), dtype)


@function(namespace=("", HERE))
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The binary cross entropy of the sigmoid of the input, without overflow.

    Raises:
        ArgumentError: input and target differ in shape.
    """
    reduction = chosen(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ArgumentError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    x, t = promote_operands(input, target)
    one, log_share = like(t, 1), _logsigmoid(x)
    if pos_weight is not None:
        weight_of_hits = p.add(p.mul(p.sub(tensor_of(pos_weight, x.dtype), one), t), one)
        log_share = p.mul(weight_of_hits, log_share)
    return reduced(_times(p.sub(p.mul(p.sub(one, t), x), log_share), weight), reduction)


@function(namespace=HERE, label=None)
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target (log(target) - input): the input is a logarithm, and so is the target if `log_target`.

    Raises:
        DTypeError: one of the two is not floating point.
    """
    per_batch = reduction == "batchmean"
    reduction = "sum" if per_batch else chosen(reduction, size_average, reduce)
    for given in (input, target):
        if given.dtype.kind != "f":
            kind = "Complex" if given.dtype.kind == "c" else "Integral"
            raise DTypeError(f"kl_div: {kind} inputs not supported.")
    x, t = promote_operands(input, target)
    if log_target:
        loss = labelled(p.mul(p.exp(t), p.sub(t, x)), "MulBackward0")
    else:
        loss = labelled(p.sub(xlogy(t, t), p.mul(t, x)), "SubBackward0")
    out = reduced_openly(loss, reduction)
    return p.div(out, like(out, input.shape[0])) if per_batch and input.ndim else out


@function(namespace=("", HERE), label=None)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Less the logarithm of a Poisson probability; `full` adds Stirling's estimate of log(target!)."""
    reduction = chosen(reduction, size_average, reduce)
    x, t = floating_pair(input, target)
    if log_input:
        loss = p.sub(p.exp(x), p.mul(t, x))
    else:
        loss = p.sub(x, p.mul(t, p.log(p.add(x, like(x, eps)))))
    if full:
        small = p.le(t, like(t, 1))
        safe = p.where(small, like(t, 1), t)
        root = p.mul(p.log(p.mul(safe, like(t, 2 * math.pi))), like(t, 0.5))
        stirling = p.add(p.sub(p.mul(safe, p.log(safe)), safe), root)
        loss = p.add(loss, p.where(small, like(t, 0), stirling))
    return reduced_openly(loss, reduction)


def _variance_as(var: Tensor, input: Tensor) -> Tensor:
    want, have = tuple(input.shape), tuple(var.shape)
    if have == want:
        return var
    if want[:-1] == have:
        return p.reshape(var, shape=(*have, 1))
    differing = [v for i, v in zip(want, have, strict=False) if i != v]
    if len(want) == len(have) and ((want[:-1] == have[:-1] and have[-1] == 1) or sum(differing) == 1):
        return var
    raise ArgumentError("var is of incorrect size")


@function(namespace=HERE, label=None)
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Less the logarithm of a normal density; variances below `eps` count as that and keep their gradient.

    Raises:
        ArgumentError: the variances do not fit the input, or the one given is negative.
    """
    if isinstance(var, (int, float)):
        if var < 0:
            raise ArgumentError("var has negative entry/entries")
        x, t = promote_operands(input, target)
        v = p.full(shape=tuple(input.shape), fill=float(var), dtype=x.dtype)
    else:
        x, t, v = promote_all(input, target, _variance_as(var, input))
    fixed = detached(v)
    if v.dtype.kind == "c":  # of a complex input: the variances themselves are real
        fixed = p.real(fixed)
    raised = p.where(p.lt(fixed, like(v, eps)), like(v, eps), fixed)
    v = p.add(raised, p.sub(v, fixed))
    away = p.sub(x, t)
    loss = p.mul(p.add(p.log(v), p.div(p.mul(away, away), v)), like(v, 0.5))
    if full:
        loss = p.add(loss, like(loss, 0.5 * math.log(2 * math.pi)))
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"{reduction} is not valid")
    return reduced_openly(loss, reduction)


@function(namespace=HERE)
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-t x)) of targets that are 1 and -1."""
    reduction = chosen(reduction, size_average, reduce)
    x, t = promote_operands(input, target)
    return reduced(p.log1p(p.exp(p.neg(p.mul(t, x)))), reduction)


@function(namespace=HERE, label=None)
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the classes of the binary cross entropy of each with its sigmoid."""
    reduction = chosen(reduction, size_average, reduce)
    x, t = promote_operands(input, target)
    hit = p.mul(t, _logsigmoid(x))
    miss = p.mul(p.sub(like(t, 1), t), _logsigmoid(p.neg(x)))
    loss = _times(p.neg(p.add(hit, miss)), weight)
    if not loss.ndim:
        raise DTypeError("multilabel_soft_margin_loss: a dimension of classes is needed")
    total = p.sum(loss, axes=(loss.ndim - 1,), keepdims=False)
    mean = labelled(p.div(total, like(total, loss.shape[-1])), "DivBackward0")
    return reduced_openly(mean, reduction)
