"""Adamax."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_ratio,
    advance,
    as_reals,
    check_betas,
    check_lr,
    count,
    decayed,
    moved,
    not_negative,
    plus,
    scaled,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class Adamax(Stepping):
    """Adam, which divides by a decaying maximum of the gradient's magnitude.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        betas: how much of the average and of the maximum is kept in a step.
        eps: added to the magnitude.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        differentiable: record the step for differentiation.
        capturable: accepted, as `foreach`.

    Source: Kingma, Ba, Adam: A Method for Stochastic Optimization, 2014, section 7.1, in torch's form
    (torch/optim/adamax.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        not_negative("epsilon value", eps)
        check_betas(betas)
        not_negative("weight_decay value", weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        if not state:
            state["step"] = count()
            state["exp_avg"] = zeros(param)
            state["exp_inf"] = zeros(param)
        step = advance(state)
        grad = decayed(grad, param, group["weight_decay"])
        param, grad, mean, largest = as_reals(param, grad, state["exp_avg"], state["exp_inf"])
        writing.write(mean, moved(mean, grad, 1 - beta1))
        writing.write(largest, p.maximum(scaled(largest, beta2), plus(p.abs(grad), group["eps"])))
        writing.write(param, add_ratio(param, mean, largest, -(group["lr"] / (1 - beta1**step))))
