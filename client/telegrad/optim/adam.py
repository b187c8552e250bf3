"""Adam."""

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
    check_fused,
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
from telegrad_proto.errors import ArgumentError


class Adam(Stepping):
    """Steps of the gradient's average over the root of its square's.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        betas: how much of the averages of the gradient and of its square is kept in a step.
        eps: added to the denominator.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        amsgrad: divide by the largest average so far.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        capturable: accepted, as `foreach`.
        differentiable: record the step for differentiation.
        fused: accepted, as `foreach`.
        decoupled_weight_decay: shrink the parameters instead, as AdamW does.

    Source: Kingma, Ba, Adam: A Method for Stochastic Optimization, 2014; Reddi et al., On the Convergence of
    Adam and Beyond, 2018; in torch's form (torch/optim/adam.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_lr(lr)
        not_negative("epsilon value", eps)
        check_betas(betas)
        not_negative("weight_decay value", weight_decay)
        if isinstance(betas[0], Tensor) is not isinstance(betas[1], Tensor):
            raise ArgumentError("betas must be either both floats or both Tensors")
        defaults: dict[str, Any] = {
            "lr": lr,
            # Corrections are powers of them, computed here.
            "betas": tuple(array_from(b).item() if isinstance(b, Tensor) else b for b in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        amsgrad, lr, weight_decay = group["amsgrad"], group["lr"], group["weight_decay"]
        beta1, beta2 = group["betas"]
        if not state:
            state["step"] = count()
            state["exp_avg"] = zeros(param)
            state["exp_avg_sq"] = zeros(param)
            if amsgrad:
                state["max_exp_avg_sq"] = zeros(param)
        step = advance(state)
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                writing.write(param, scaled(param, 1 - lr * weight_decay))
            else:
                grad = decayed(grad, param, weight_decay)
        param, grad, mean, square = as_reals(param, grad, state["exp_avg"], state["exp_avg_sq"])
        writing.write(mean, moved(mean, grad, 1 - beta1))
        writing.write(square, squares(square, grad, beta2))
        if amsgrad:
            (largest,) = as_reals(state["max_exp_avg_sq"])
            square = writing.write(largest, p.maximum(largest, square))
        root = p.div(p.sqrt(square), factor((1 - beta2**step) ** 0.5, square.dtype))
        writing.write(param, add_ratio(param, mean, plus(root, group["eps"]), -(lr / (1 - beta1**step))))
