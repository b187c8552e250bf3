"""Averages of a model's parameters along its training: of all of them alike, or of the latest above all."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from telegrad.autograd.mode import no_grad
from telegrad.functions.selection import where
from telegrad.making.creation import tensor
from telegrad.nn.batchnorm import _BatchNorm
from telegrad.nn.module import Module
from telegrad.optim.lr_scheduler.schedule import LRScheduler, Rates, for_each
from telegrad.optim.optimizer import Optimizer
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError

#: The averaged parameter, the model's, and how many were averaged before: gives the new average.
Average = Callable[[Tensor, Tensor, Any], Tensor]
#: The same for all parameters together, written in place.
AverageAll = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ArgumentError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def _all_of(average: Average) -> AverageAll:
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Any) -> None:
        with no_grad():
            for mean, now in zip(averaged, current, strict=True):
                mean.copy_(average(mean, now, count))

    return update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The average in which every step's weight falls by `decay` with the next.

    Raises:
        ArgumentError: the decay is not in [0, 1].
    """
    _check_decay(decay)

    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        with no_grad():
            return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> Average:
    """The mean of all steps."""

    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        with no_grad():
            mean: Tensor = averaged + (current - averaged) / (count + 1)
        return mean

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """`get_ema_avg_fn` for all parameters together.

    Raises:
        ArgumentError: the decay is not in [0, 1].
    """
    return _all_of(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> AverageAll:
    """`get_swa_avg_fn` for all parameters together."""
    return _all_of(get_swa_avg_fn())


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's.

    Args:
        model: the one that is trained.
        device: accepted; `cpu`.
        avg_fn: how one parameter is averaged; the mean by default.
        multi_avg_fn: how all are.
        use_buffers: average the buffers too; else they are copied.

    Attributes:
        n_averaged: how often; it is part of the state dict.

    Raises:
        AssertionError: both functions are given.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Takes the model's parameters into the averages, the first time as they are."""
        pairs = list(zip(self.module.parameters(), model.parameters(), strict=True))
        buffers = list(zip(self.module.buffers(), model.buffers(), strict=True))
        averaged = [*pairs, *buffers] if self.use_buffers else pairs
        # How often is known to the server only: both results are recorded, and the right one taken there.
        first = self.n_averaged == 0
        before = [mean.detach().clone() for mean, _ in averaged]
        current = [now.detach() for _, now in averaged]
        if self.avg_fn is not None:
            update = _all_of(self.avg_fn)
        else:
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
        update(before, current, self.n_averaged)
        with no_grad():
            for (mean, _), found, now in zip(averaged, before, current, strict=True):
                mean.copy_(where(first, now, found))
            for kept, now in () if self.use_buffers else buffers:
                kept.copy_(now)
            self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Computes the running statistics of a model's batch norms anew, as means over all batches.

    Args:
        loader: batches, or tuples that begin with one.
        model: the model; its mode is as before when this ends.
        device: accepted; `cpu`.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """The rate on its way to `swa_lr`, where it stays.

    Args:
        optimizer: whose groups get the rates.
        swa_lr: the last rate, or one for each group.
        anneal_epochs: how many epochs it takes to get there.
        anneal_strategy: "cos" or "linear".
        last_epoch: the last epoch of a run that goes on; -1 starts one.

    Raises:
        ArgumentError: another strategy, or a negative number of epochs.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: Any = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(for_each("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, epoch: int) -> float:
        """How much of the way is behind at an epoch."""
        t = max(0, min(1, epoch / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self._groups():
            last = group["swa_lr"]
            start = last if before == 1 else (group["lr"] - before * last) / (1 - before)
            rates.append(last * now + start * (1 - now))
        return rates
