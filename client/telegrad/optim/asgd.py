"""Averaged gradient descent."""

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
    known,
    not_negative,
    note,
    plain,
    scaled,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class ASGD(Stepping):
    """Gradient descent that averages the parameters, in the state `ax`, from step `t0` on.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        lambd: how fast the parameters decay, and the learning rate with them.
        alpha: power of the learning rate's decay.
        t0: the step at which averaging begins.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        differentiable: record the step for differentiation.
        capturable: accepted, as `foreach`.

    Source: Polyak, Juditsky, Acceleration of stochastic approximation by averaging, 1992, in torch's form
    (torch/optim/asgd.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        not_negative("weight_decay value", weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        lr, lambd = plain(group["lr"]), group["lambd"]
        if not state:
            state["step"] = count()
            state["eta"] = count(lr)
            state["mu"] = count(1.0)
            state["ax"] = zeros(param)
        param, grad, mean = as_reals(param, grad, state["ax"])
        step = advance(state)
        grad = decayed(grad, param, group["weight_decay"])
        eta, mu = known(state, "eta"), known(state, "mu")
        writing.write(param, add_scaled(scaled(param, 1 - lambd * eta), grad, -eta))
        # A copy even where it equals the parameter: the two are written to apart.
        mean_now = add_scaled(mean, p.sub(param, mean), mu) if mu != 1 else p.identity(param)
        writing.write(mean, mean_now)
        note(state, "eta", lr / ((1 + lambd * lr * step) ** group["alpha"]))
        note(state, "mu", 1 / max(1, step - group["t0"]))
