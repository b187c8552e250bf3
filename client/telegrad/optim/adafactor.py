"""Adafactor."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.making.creation import filled
from telegrad.optim.optimizer import Group, Params, State
from telegrad.optim.stepping import (
    Stepping,
    add_scaled,
    advance,
    count,
    factor,
    moved,
    not_below_zero,
    plain,
    require_one,
    scaled,
    zeros,
)
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, DTypeError


class Adafactor(Stepping):
    """Steps of the gradient over the root of its average square, of which rows and columns are remembered.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: the largest relative step, and the rate of weight decay.
        beta2_decay: power of the number of the step by which averages slow down.
        eps: bounds from below: of the average square's root, the type's spacing at 1 where it is None; and of
            a parameter's size.
        d: the largest root mean square of an update.
        weight_decay: the share, times `lr`, that a parameter loses in a step.
        foreach: accepted; torch's choice of an implementation.
        maximize: go up.

    Source: Shazeer, Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, in torch's
    form (torch/optim/_adafactor.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        require_one(lr)
        not_below_zero("Learning rate", lr)
        if not beta2_decay <= 0.0:
            raise ArgumentError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None:
            not_below_zero("epsilon1", eps[0])
        not_below_zero("epsilon2", eps[1])
        if not d >= 1.0:
            raise ArgumentError(f"Clipping threshold d should be >= 1 but is: {d}")
        not_below_zero("weight_decay", weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        shape, dtype = grad._spec.shape, param.dtype
        if dtype.kind == "c":
            raise DTypeError("Adafactor does not support complex parameters")
        least, smallest = group["eps"]
        least = float(np.finfo(dtype.typestr).eps) if least is None else least
        if not state:
            state["step"] = count()
            if len(shape) > 1:
                state["row_var"] = filled((*shape[:-1], 1), 0, dtype, False)
                state["col_var"] = filled((*shape[:-2], 1, shape[-1]), 0, dtype, False)
            else:
                state["variance"] = zeros(param)
        step = advance(state)
        lr = plain(group["lr"])
        share = step ** group["beta2_decay"]
        size = p.maximum(_size(param), factor(smallest, dtype))
        if group["weight_decay"] != 0:
            writing.write(param, scaled(param, 1 - lr * group["weight_decay"]))
        square = p.mul(grad, grad)
        if len(shape) > 1:
            row = writing.write(state["row_var"], moved(state["row_var"], _mean(square, -1), share))
            column = writing.write(state["col_var"], moved(state["col_var"], _mean(square, -2), share))
            norm = p.maximum(_mean(row, -2), factor(least, dtype))
            estimate = p.div(p.matmul(row, column), norm)
        else:
            estimate = writing.write(state["variance"], moved(state["variance"], square, share))
        update = p.mul(p.rsqrt(p.maximum(estimate, factor(least * least, dtype))), grad)
        limit = p.maximum(scaled(_size(update), 1 / group["d"]), factor(1.0, dtype))
        step_size = scaled(p.div(size, limit), min(lr, 1 / step**0.5))
        writing.write(param, add_scaled(param, p.mul(update, step_size), -1.0))


def _mean(x: Tensor, axis: int) -> Tensor:
    """The mean along an axis, which stays."""
    shape = x._spec.shape
    return scaled(p.sum(x, axes=(len(shape) + axis,), keepdims=True), 1 / max(shape[axis], 1))


def _size(x: Tensor) -> Tensor:
    """The root mean square of all elements."""
    every = tuple(range(x.ndim))
    return p.sqrt(scaled(p.sum(p.mul(x, x), axes=every, keepdims=False), 1 / max(x.numel(), 1)))
