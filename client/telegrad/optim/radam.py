"""RAdam."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    advance,
    as_reals,
    check_betas,
    check_lr,
    count,
    decayed,
    factor,
    moved,
    not_negative,
    plus,
    scaled,
    squares,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class RAdam(Stepping):
    """Adam, which divides by the root of the average square only once that is well known.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        betas: how much of the averages of the gradient and of its square is kept in a step.
        eps: added to the denominator.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        decoupled_weight_decay: shrink the parameters instead, as AdamW does.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        capturable: accepted, as `foreach`.
        differentiable: record the step for differentiation.

    Source: Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019, in torch's form
    (torch/optim/radam.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        lr, weight_decay = group["lr"], group["weight_decay"]
        beta1, beta2 = group["betas"]
        if not state:
            state["step"] = count()
            state["exp_avg"] = zeros(param)
            state["exp_avg_sq"] = zeros(param)
        param, grad, mean, square = as_reals(param, grad, state["exp_avg"], state["exp_avg_sq"])
        step = advance(state)
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                writing.write(param, scaled(param, 1 - lr * weight_decay))
            else:
                grad = decayed(grad, param, weight_decay)
        writing.write(mean, moved(mean, grad, 1 - beta1))
        writing.write(square, squares(square, grad, beta2))
        kept = 1 - beta2**step
        change = scaled(p.div(mean, factor(1 - beta1**step, mean.dtype)), lr)
        # The length of the average that the moving one approximates, in the end and now.
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * (beta2**step) / kept
        if length > 5.0:
            rectified = (
                (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            ) ** 0.5
            root = plus(p.sqrt(square), group["eps"])
            change = scaled(p.mul(change, p.div(factor(kept**0.5, root.dtype), root)), rectified)
        writing.write(param, p.sub(param, change))
