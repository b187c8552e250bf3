"""Adagrad."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.making.creation import filled
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_ratio,
    advance,
    as_reals,
    check_fused,
    check_lr,
    count,
    decayed,
    not_negative,
    plus,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor


class Adagrad(Stepping):
    """Steps of the gradient over the root of the sum of its squares so far.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        lr_decay: how fast the learning rate falls.
        weight_decay: weight of the parameters' squared norm, half of it, in the loss.
        initial_accumulator_value: where the sum starts.
        eps: added to the denominator.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.
        differentiable: record the step for differentiation.
        fused: accepted, as `foreach`.

    Source: Duchi, Hazan, Singer, Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization, 2011, in torch's form (torch/optim/adagrad.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        not_negative("lr_decay value", lr_decay)
        not_negative("weight_decay value", weight_decay)
        not_negative("initial_accumulator_value value", initial_accumulator_value)
        not_negative("epsilon value", eps)
        defaults: dict[str, Any] = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        start = initial_accumulator_value
        for group in self.param_groups:
            for param in group["params"]:
                spec = param._value.spec
                fill = complex(start, start) if spec.dtype.kind == "c" else start
                total = filled(spec.shape, fill, spec.dtype, False)
                self.state[param] = {"step": count(), "sum": total}

    def share_memory(self) -> None:
        """Nothing to do: the sums are where every tensor of the session is."""

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        step = advance(state)
        grad = decayed(grad, param, group["weight_decay"])
        rate = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        param, grad, total = as_reals(param, grad, state["sum"])
        writing.write(total, p.add(total, p.mul(grad, grad)))
        writing.write(param, add_ratio(param, grad, plus(p.sqrt(total), group["eps"]), -rate))
