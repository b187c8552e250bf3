"""Muon."""

from __future__ import annotations

import math
from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_scaled,
    factor,
    moved,
    not_below_zero,
    plain,
    require_one,
    scaled,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, DTypeError


class Muon(Stepping):
    """Steps of the nearest orthogonal matrix to the gradient's average, for matrices.

    That matrix is approached by a polynomial, in the parameters' own type; torch rounds it to bfloat16,
    so that its steps differ from these in the third digit.

    Args:
        params: matrices, (name, matrix) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        weight_decay: the share, times `lr`, that a parameter loses in a step.
        momentum: how much of the average is kept in a step.
        nesterov: look ahead along the average.
        ns_coefficients: of the polynomial.
        eps: the least norm to divide by.
        ns_steps: how often the polynomial is taken.
        adjust_lr_fn: how the rate depends on the shape: "original" or "match_rms_adamw".

    Source: Jordan, Muon: An optimizer for hidden layers in neural networks, 2024, in torch's form
    (torch/optim/_muon.py).

    Raises:
        ArgumentError: a setting is out of range, or a parameter is no matrix.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        require_one(lr)
        not_below_zero("Learning rate", lr)
        not_below_zero("momentum", momentum)
        not_below_zero("weight decay", weight_decay)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults: dict[str, Any] = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                if param.ndim != 2:
                    raise ArgumentError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{param.size()}"
                    )

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        if param.dtype.kind == "c":
            raise DTypeError("Muon does not support complex parameters")
        if group["ns_steps"] >= 100:
            raise ArgumentError("Number of steps must be less than 100 for computational efficiency")
        if len(group["ns_coefficients"]) != 3:
            raise ArgumentError("Coefficients must be a tuple of exactly 3 values")
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros(param)
        momentum, mean = group["momentum"], state["momentum_buffer"]
        mean = writing.write(mean, moved(mean, grad, 1 - momentum))
        update = moved(grad, mean, momentum) if group["nesterov"] else mean
        update = _orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        lr = plain(group["lr"])
        rows, columns = param._spec.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(rows, columns))
        else:
            ratio = math.sqrt(max(1, rows / columns))
        kept = scaled(param, 1 - lr * group["weight_decay"])
        writing.write(param, add_scaled(kept, update, -lr * ratio))


def _orthogonal(x: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """A matrix with nearly the same singular vectors, and singular values about 1."""
    rows, columns = x._spec.shape
    a, b, c = coefficients
    if rows > columns:
        x = p.transpose(x, perm=(1, 0))
    norm = p.sqrt(p.sum(p.mul(x, x), axes=(0, 1), keepdims=False))
    x = p.div(x, p.maximum(norm, factor(eps, x.dtype)))
    for _ in range(steps):
        gram = p.matmul(x, p.transpose(x, perm=(1, 0)))
        weights = p.add(scaled(gram, b), scaled(p.matmul(gram, gram), c))
        x = p.add(scaled(x, a), p.matmul(weights, x))
    return p.transpose(x, perm=(1, 0)) if rows > columns else x
