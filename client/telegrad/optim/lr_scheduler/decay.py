"""Rates that fall, or rise, along a curve.

Each step changes the rate that is there, so that schedules can be chained; in torch's order of operations.
Source: torch/optim/lr_scheduler.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

from telegrad.optim.lr_scheduler.schedule import LRScheduler, Rates
from telegrad.optim.optimizer import Optimizer
from telegrad_proto.errors import ArgumentError


class StepLR(LRScheduler):
    """The rate times `gamma`, every `step_size` epochs."""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._all("lr")
        return [group["lr"] * self.gamma for group in self._groups()]

    def _closed_form(self) -> Rates:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate times `gamma`, at the epochs in `milestones`."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self.last_epoch not in self.milestones:
            return self._all("lr")
        power = self.milestones[self.last_epoch]
        return [group["lr"] * self.gamma**power for group in self._groups()]

    def _closed_form(self) -> Rates:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """The rate times `factor`, for `total_iters` epochs.

    Raises:
        ArgumentError: the factor is not between 0 and 1.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ArgumentError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self.last_epoch == 0:
            return [group["lr"] * self.factor for group in self._groups()]
        if self.last_epoch != self.total_iters:
            return self._all("lr")
        return [group["lr"] * (1.0 / self.factor) for group in self._groups()]

    def _closed_form(self) -> Rates:
        by = self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor)
        return [base * by for base in self.base_lrs]


class LinearLR(LRScheduler):
    """The rate times a factor that goes from one to another in `total_iters` epochs.

    Raises:
        ArgumentError: a factor is out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ArgumentError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ArgumentError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self.last_epoch == 0:
            return [group["lr"] * self.start_factor for group in self._groups()]
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._all("lr")
        rise = self.end_factor - self.start_factor
        by = 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return [group["lr"] * by for group in self._groups()]

    def _closed_form(self) -> Rates:
        rise = self.end_factor - self.start_factor
        by = self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * by for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate times `gamma`, every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self._is_initial:
            return self._all("lr")
        return [group["lr"] * self.gamma for group in self._groups()]

    def _closed_form(self) -> Rates:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """A rate that falls to nothing in `total_iters` epochs, as a power of what is left of them."""

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._all("lr")
        left = 1.0 - self.last_epoch / self.total_iters
        by = (left / (1.0 - (self.last_epoch - 1) / self.total_iters)) ** self.power
        return [group["lr"] * by for group in self._groups()]

    def _closed_form(self) -> Rates:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """A rate that falls to `eta_min` in `T_max` epochs along half a cosine, and rises again.

    Source: Loshchilov, Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        now, least, length = self.last_epoch, self.eta_min, self.T_max
        if self._is_initial:
            return self._all("lr")
        if self._step_count == 1 and now > 0:
            return [
                least + (base - least) * (1 + math.cos(now * math.pi / length)) / 2 for base in self.base_lrs
            ]
        if (now - 1 - length) % (2 * length) == 0:
            return [
                group["lr"] + (base - least) * (1 - math.cos(math.pi / length)) / 2
                for base, group in zip(self.base_lrs, self._groups(), strict=True)
            ]
        by = (1 + math.cos(math.pi * now / length)) / (1 + math.cos(math.pi * (now - 1) / length))
        return [by * (group["lr"] - least) + least for group in self._groups()]

    def _closed_form(self) -> Rates:
        least, way = self.eta_min, 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [least + (base - least) * way / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """A rate that falls to `eta_min` along half a cosine, again and again, each time `T_mult` times as long.

    Source: Loshchilov, Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.

    Raises:
        ArgumentError: a setting is out of range.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ArgumentError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ArgumentError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0 = T_0
        self.T_i: Any = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: Any = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The next rates."""
        self._warn_outside()
        way = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * way / 2 for base in self.base_lrs]

    def step(self, epoch: Any = None) -> None:
        """Gives the groups the next rates, or those at an epoch, which may be between two."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur = self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur = self.T_cur % self.T_i
                self.T_i = self.T_i * self.T_mult
        else:
            self._place(epoch)
        self.last_epoch = math.floor(epoch)
        self._get_lr_called_within_step = True
        try:
            self._give(self.get_lr())
        finally:
            self._get_lr_called_within_step = False

    def _place(self, epoch: Any) -> None:
        """Finds the cycle of an epoch, and the place in it."""
        if epoch < 0:
            raise ArgumentError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            cycle = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**cycle - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**cycle
