"""Adadelta."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_scaled,
    advance,
    as_reals,
    check_lr,
    count,
    decayed,
    not_negative,
    plus,
    squares,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class Adadelta(Stepping):
    """Steps of the gradient, scaled by the root of the average square of steps over that of gradients.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: what the step is multiplied by.
        rho: how much of the averages is kept in a step.
        eps: added under both roots.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        foreach: accepted; torch's choice of an implementation.
        capturable: accepted, as `foreach`.
        maximize: go up.
        differentiable: record the step for differentiation.

    Source: Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, in torch's form
    (torch/optim/adadelta.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ArgumentError(f"Invalid rho value: {rho}")
        not_negative("epsilon value", eps)
        not_negative("weight_decay value", weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        if not state:
            state["step"] = count()
            state["square_avg"] = zeros(param)
            state["acc_delta"] = zeros(param)
        advance(state)
        grad = decayed(grad, param, group["weight_decay"])
        param, grad, average, steps = as_reals(param, grad, state["square_avg"], state["acc_delta"])
        writing.write(average, squares(average, grad, rho))
        delta = p.mul(p.div(p.sqrt(plus(steps, eps)), p.sqrt(plus(average, eps))), grad)
        writing.write(steps, squares(steps, delta, rho))
        writing.write(param, add_scaled(param, delta, -group["lr"]))
