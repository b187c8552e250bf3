"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import Stepping, add_scaled, check_fused, check_lr, decayed, not_negative, scaled
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class SGD(Stepping):
    """Gradient descent.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        momentum: how much of the last step's direction is kept.
        dampening: how much of the gradient's share in the direction is left out.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        nesterov: look ahead along the direction.
        maximize: go up.
        foreach: accepted; torch's choice of an implementation.
        differentiable: record the step for differentiation.
        fused: accepted, as `foreach`.

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013,
    in torch's form (torch/optim/sgd.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        not_negative("momentum value", momentum)
        not_negative("weight_decay value", weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        momentum = group["momentum"]
        grad = decayed(grad, param, group["weight_decay"])
        if momentum != 0:
            direction = state.get("momentum_buffer")
            if direction is None:
                # A value of its own: the gradient may be written to before the next step.
                direction = state["momentum_buffer"] = p.identity(grad.detach())
            else:
                kept = scaled(direction, momentum)
                writing.write(direction, add_scaled(kept, grad, 1 - group["dampening"]))
            grad = add_scaled(grad, direction, momentum) if group["nesterov"] else direction
        writing.write(param, add_scaled(param, grad, -group["lr"]))
