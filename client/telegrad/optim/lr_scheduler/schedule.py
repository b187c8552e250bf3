"""What every schedule is: a count of epochs, and the rates that it gives an optimiser's groups."""

from __future__ import annotations

import warnings
from typing import Any, Final

from telegrad.optim.optimizer import Group, Optimizer
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

Rates = list[Any]

EPOCH_DEPRECATED: Final = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
    "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from "
    "None, the closed form is used instead of the new chainable form, where available. Please open an issue "
    "if you are unable to replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose."
)

_TOO_EARLY: Final = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you "
    "should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do "
    "this will result in PyTorch skipping the first value of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


class LRScheduler:
    """Base of schedules; a subclass gives `get_lr`.

    Args:
        optimizer: whose groups get the rates.
        last_epoch: the last epoch of a run that goes on; -1 starts one.

    Attributes:
        base_lrs: the rates that the optimiser began with.
        last_epoch: how many steps were made.

    Raises:
        TypeError: it is no optimiser.
        KeyError: a run goes on whose first rates are not known.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training "
                    "from a checkpoint but haven't properly loaded the optimizer state\n2. You're using "
                    "last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs: Rates = self._all("initial_lr")
        self.last_epoch: Any = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _all(self, key: str) -> Rates:
        """A setting of every group; tensors are copies."""
        return [copied(group[key]) for group in self.optimizer.param_groups]

    def _groups(self) -> list[Group]:
        return self.optimizer.param_groups

    def state_dict(self) -> dict[str, Any]:
        """All that it knows but the optimiser."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a state that `state_dict` gave."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> Rates:
        """The rates in use, one for each group."""
        return self._last_lr

    def get_lr(self) -> Rates:
        """The next rates, one for each group; as they are, where a subclass says nothing else."""
        return self._all("lr")

    def _closed_form(self) -> Rates | None:
        """The rates at `last_epoch` told by it alone; None where there is no such formula."""
        return None

    def step(self, epoch: Any = None) -> None:
        """Gives the groups the next rates; after the optimiser's step."""
        if self._step_count == 1 and not self.optimizer._stepped:
            warnings.warn(_TOO_EARLY, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATED, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: Any = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                known = self._closed_form()
                rates = self.get_lr() if known is None else known
        finally:
            self._get_lr_called_within_step = False
        self._give(rates)

    def _give(self, rates: Rates) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            put(group, "lr", rate)
        self._last_lr: Rates = self._all("lr")

    def _warn_outside(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )


def check_optimizer(optimizer: Any) -> Optimizer:
    """The optimiser itself.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    """The value; of a tensor a copy."""
    return value.clone() if isinstance(value, Tensor) else value


def put(group: Group, key: str, value: Any) -> None:
    """Changes a setting: a tensor stays the same object."""
    held = group[key]
    if isinstance(held, Tensor):
        held.fill_(value if not isinstance(value, Tensor) else value.reshape(()))
    else:
        group[key] = value


def for_each(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group: those given, or the one.

    Raises:
        ArgumentError: their number is not that of the groups.
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(count)]
    if len(value) != count:
        raise ArgumentError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {count}."
        )
    return [copied(item) for item in value]
