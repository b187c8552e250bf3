"""Resilient backpropagation."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import Stepping, advance, as_reals, check_lr, count, factor, zeros
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class Rprop(Stepping):
    """Steps in the direction of the gradient's signs, longer while the signs stay and shorter when they turn.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: length of the first steps.
        etas: what a length is multiplied by when its sign turned, and when it stayed.
        step_sizes: the least and the largest length.
        capturable: accepted; torch's choice of an implementation.
        foreach: accepted, as `capturable`.
        maximize: go up.
        differentiable: record the step for differentiation.

    Source: Riedmiller, Braun, A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm, 1993, in torch's form (torch/optim/rprop.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ArgumentError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        if not state:
            spec = param._value.spec
            lr = factor(group["lr"], spec.dtype)
            if spec.dtype.kind == "c":
                lr = p.complex(p.real(lr), p.real(lr))
            state["step"] = count()
            state["prev"] = zeros(param)
            state["step_size"] = p.identity(p.broadcast_to(lr, shape=spec.shape))
        advance(state)
        param, grad, before, length = as_reals(param, grad, state["prev"], state["step_size"])
        dtype = grad.dtype
        nothing, one = factor(0, dtype), factor(1, dtype)
        turn = p.mul(grad, before)
        turned = p.lt(turn, nothing)
        by = p.where(turned, factor(shrink, dtype), p.where(p.gt(turn, nothing), factor(grow, dtype), one))
        longer = p.maximum(p.mul(length, by), factor(least, dtype))
        writing.write(length, p.minimum(longer, factor(most, dtype)))
        # Where the sign turned the parameter stays, and the next step starts afresh.
        kept = p.where(turned, nothing, grad)
        writing.write(param, p.sub(param, p.mul(p.sign(kept), length)))
        writing.write(before, kept)
