"""Adam with the parameters themselves shrunk."""

from __future__ import annotations

from telegrad.optim.adam import Adam
from telegrad.optim.optimizer import Params
from telegrad.tensor import Tensor


class AdamW(Adam):
    """Adam, whose weight decay shrinks the parameters and is no part of the averages.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and settings of their own.
        lr: learning rate.
        betas: how much of the averages of the gradient and of its square is kept in a step.
        eps: added to the denominator.
        weight_decay: the share, times `lr`, that a parameter loses in a step.
        amsgrad: divide by the largest average so far.
        maximize: go up.
        foreach: accepted; torch's choice of an implementation.
        capturable: accepted, as `foreach`.
        differentiable: record the step for differentiation.
        fused: accepted, as `foreach`.

    Source: Loshchilov, Hutter, Decoupled Weight Decay Regularization, 2017, in torch's form
    (torch/optim/adamw.py).

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def _complete(self) -> None:
        super()._complete()
        for group in self.param_groups:  # a state that Adam saved
            group["decoupled_weight_decay"] = True
