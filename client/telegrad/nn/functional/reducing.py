"""How a loss of each element becomes the loss of all."""

from __future__ import annotations

import warnings

from telegrad import _primitives as p
from telegrad.functions.operands import like, widened
from telegrad.functions.reduction import mean_over
from telegrad.recording.registry import labelled
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


def chosen(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction; the two old arguments, where given, win and warn.

    Raises:
        ArgumentError: there is no such reduction.
    """
    if size_average is not None or reduce is not None:
        average, whole = (True if flag is None else flag for flag in (size_average, reduce))
        reduction = "none" if not whole else "mean" if average else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=4,
        )
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The losses themselves, their sum, in int64 where they are integers, or their mean."""
    axes = tuple(range(loss.ndim))
    if reduction == "none":
        return loss
    if reduction == "sum":
        return p.sum(widened(loss, None), axes=axes, keepdims=False)
    return mean_over(loss, axes, False)


def reduced_openly(loss: Tensor, reduction: str) -> Tensor:
    """As `reduced`, under the name of the reduction: of losses that torch itself composes."""
    if reduction == "none":
        return loss
    return labelled(reduced(loss, reduction), f"{reduction.capitalize()}Backward0")


def weighted_mean(loss: Tensor, weight: Tensor) -> Tensor:
    """The sum of the losses over the sum of their weights."""
    axes = tuple(range(loss.ndim))
    return p.div(p.sum(loss, axes=axes, keepdims=False), p.sum(weight, axes=axes, keepdims=False))


def positive_part(x: Tensor) -> Tensor:
    """x, or 0 where it is negative; at 0 itself the derivative is 1, as that of clamp_min."""
    zero = like(x, 0)
    return labelled(p.where(p.lt(x, zero), zero, x), "ClampMinBackward0")
