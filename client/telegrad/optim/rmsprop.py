"""RMSprop."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_ratio,
    add_scaled,
    advance,
    as_reals,
    check_lr,
    count,
    decayed,
    moved,
    not_negative,
    plus,
    scaled,
    squares,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class RMSprop(Stepping):
    """Steps of the gradient over the root of the average of its square.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        alpha: how much of the averages is kept in a step.
        eps: added to the denominator.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        momentum: how much of the last step's direction is kept.
        centered: divide by the standard deviation.
        capturable: accepted; torch's choice of an implementation.
        foreach: accepted, as `capturable`.
        maximize: go up.
        differentiable: record the step for differentiation.

    Source: Hinton, lecture 6 of Neural Networks for Machine Learning, 2012; centred: Graves, Generating
    Sequences With Recurrent Neural Networks, 2013; in torch's form (torch/optim/rmsprop.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        not_negative("epsilon value", eps)
        not_negative("momentum value", momentum)
        not_negative("weight_decay value", weight_decay)
        not_negative("alpha value", alpha)
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        alpha, momentum, centered, lr = group["alpha"], group["momentum"], group["centered"], group["lr"]
        if not state:
            state["step"] = count()
            state["square_avg"] = zeros(param)
            if momentum > 0:
                state["momentum_buffer"] = zeros(param)
            if centered:
                state["grad_avg"] = zeros(param)
        advance(state)
        grad = decayed(grad, param, group["weight_decay"])
        param, grad, square = as_reals(param, grad, state["square_avg"])
        spread = writing.write(square, squares(square, grad, alpha))
        if centered:
            (mean,) = as_reals(state["grad_avg"])
            writing.write(mean, moved(mean, grad, 1 - alpha))
            spread = p.sub(square, p.mul(mean, mean))
        spread = plus(p.sqrt(spread), group["eps"])
        if momentum > 0:
            (direction,) = as_reals(state["momentum_buffer"])
            writing.write(direction, p.add(scaled(direction, momentum), p.div(grad, spread)))
            writing.write(param, add_scaled(param, direction, -lr))
        else:
            writing.write(param, add_ratio(param, grad, spread, -lr))
