"""NAdam."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.making.creation import array_from
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
    factor,
    known,
    moved,
    not_negative,
    note,
    plus,
    scaled,
    squares,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class NAdam(Stepping):
    """Adam with Nesterov's look ahead.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        betas: how much of the averages of the gradient and of its square is kept in a step.
        eps: added to the denominator.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        momentum_decay: how fast the momentum approaches its final value.
        decoupled_weight_decay: shrink the parameters instead, as AdamW does.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        capturable: accepted, as `foreach`.
        differentiable: record the step for differentiation.

    Source: Dozat, Incorporating Nesterov Momentum into Adam, 2016, in torch's form (torch/optim/nadam.py).

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
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        not_negative("epsilon value", eps)
        check_betas(betas)
        not_negative("weight_decay value", weight_decay)
        not_negative("momentum_decay value", momentum_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        lr, weight_decay, decay = group["lr"], group["weight_decay"], group["momentum_decay"]
        beta1, beta2 = group["betas"]
        if not state:
            state["step"] = count()
            state["mu_product"] = count(1.0)
            state["exp_avg"] = zeros(param)
            state["exp_avg_sq"] = zeros(param)
        step = advance(state)
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                writing.write(param, scaled(param, 1 - lr * weight_decay))
            else:
                grad = decayed(grad, param, weight_decay)
        mu = beta1 * (1.0 - 0.5 * (0.96 ** (step * decay)))
        ahead = beta1 * (1.0 - 0.5 * (0.96 ** ((step + 1) * decay)))
        held = array_from(state["mu_product"])
        note(state, "mu_product", held * held.dtype.type(mu))
        product = known(state, "mu_product")
        param, grad, mean, square = as_reals(param, grad, state["exp_avg"], state["exp_avg_sq"])
        writing.write(mean, moved(mean, grad, 1 - beta1))
        writing.write(square, squares(square, grad, beta2))
        root = plus(p.sqrt(p.div(square, factor(1 - beta2**step, square.dtype))), group["eps"])
        half = add_ratio(param, grad, root, -lr * (1.0 - mu) / (1.0 - product))
        writing.write(param, add_ratio(half, mean, root, (-lr * ahead) / (1.0 - product * ahead)))
