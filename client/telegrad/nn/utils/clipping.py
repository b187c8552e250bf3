"""Keeping gradients small. Nothing is looked at, unless non-finite norms are to raise."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.making.creation import tensor
from telegrad.making.promotion import cast
from telegrad.recording.registry import FUNCTIONS, complete
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError


def _listed(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [parameter.grad for parameter in _listed(parameters) if parameter.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all elements of some tensors together.

    Args:
        tensors: one or more.
        norm_type: the norm's order.
        error_if_nonfinite: raise where it is infinite or no number, which takes a look at it.
        foreach: accepted; without effect.

    Raises:
        GradientError: the norm is not finite and that is not allowed.
    """
    found = _listed(tensors)
    if not found:
        return tensor(0.0)
    complete()
    order = float(norm_type)
    norm = FUNCTIONS["linalg"]["vector_norm"]
    total: Tensor = norm(FUNCTIONS[""]["stack"]([cast(norm(t, order), found[0].dtype) for t in found]), order)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise GradientError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scales gradients down in place, so that a norm that is known is no more than `max_norm`."""
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for gradient in _gradients(parameters):
        gradient.mul_(cast(scale, gradient.dtype))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all gradients together, which are scaled down in place so that it is at most `max_norm`.

    Args:
        parameters: one or more.
        max_norm: the largest norm that is left as it is.
        norm_type: the norm's order.
        error_if_nonfinite: raise where it is infinite or no number, which takes a look at it.
        foreach: accepted; without effect.

    Raises:
        GradientError: the norm is not finite and that is not allowed.
    """
    found = _listed(parameters)
    if not found and isinstance(parameters, Iterator):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", UserWarning, stacklevel=2
        )
    total = get_total_norm(_gradients(found), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(found, max_norm, total)
    return total


def clip_grad_norm(*args: Any, **kwargs: Any) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(*args, **kwargs)


@no_grad()
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Moves all elements of the gradients into [-clip_value, clip_value], in place."""
    bound = float(clip_value)
    for gradient in _gradients(parameters):
        gradient.clamp_(-bound, bound)
