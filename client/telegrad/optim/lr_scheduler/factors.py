"""Rates told by a function of the epoch."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from telegrad.optim.lr_scheduler.schedule import LRScheduler, Rates
from telegrad.optim.optimizer import Optimizer
from telegrad_proto.errors import ArgumentError

Factor = Callable[[int], float]


class LambdaLR(LRScheduler):
    """The first rate times a function of the epoch.

    Args:
        optimizer: whose groups get the rates.
        lr_lambda: the function, or one for each group.
        last_epoch: the last epoch of a run that goes on; -1 starts one.

    Raises:
        ArgumentError: the number of functions is not that of the groups.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        count = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            self.lr_lambdas = [lr_lambda] * count
        elif len(lr_lambda) != count:
            raise ArgumentError(f"Expected {count} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """All that it knows but the optimiser and plain functions; of callable objects their attributes."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a state that `state_dict` gave; plain functions stay those given here."""
        super().load_state_dict({key: v for key, v in state_dict.items() if key != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        return [
            base * function(self.last_epoch)
            for function, base in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]


class MultiplicativeLR(LambdaLR):
    """The rate times a function of the epoch, each epoch again.

    Args:
        optimizer: whose groups get the rates.
        lr_lambda: the function, or one for each group.
        last_epoch: the last epoch of a run that goes on; -1 starts one.

    Raises:
        ArgumentError: the number of functions is not that of the groups.
        TypeError: one is no function.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        for function in lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self._is_initial:
            return self._all("lr")
        return [
            group["lr"] * function(self.last_epoch)
            for function, group in zip(self.lr_lambdas, self._groups(), strict=True)
        ]
