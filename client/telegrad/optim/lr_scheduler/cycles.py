"""Rates that go up and down, with a momentum that goes the other way."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any, Final

from telegrad.optim.lr_scheduler.schedule import LRScheduler, Rates, check_optimizer, for_each, put
from telegrad.optim.optimizer import Group, Optimizer
from telegrad_proto.errors import ArgumentError

_KEYS: Final = ("start_lr", "end_lr", "start_momentum", "end_momentum")


class _Cycling(LRScheduler):
    """A schedule that may move the momentum too."""

    use_beta1 = False

    def _begin_momentum(
        self, optimizer: Optimizer, base: Any, largest: Any, *, fresh: bool
    ) -> tuple[Rates, Rates]:
        """Finds out what the optimiser's momentum is, and gives it its largest value; its bounds by group."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ArgumentError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        lows, highs = for_each("base_momentum", optimizer, base), for_each("max_momentum", optimizer, largest)
        if fresh:
            for high, low, group in zip(highs, lows, optimizer.param_groups, strict=True):
                self._put_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return lows, highs

    def _put_momentum(self, group: Group, value: Any) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_Cycling):
    """A rate that goes up and down between two bounds.

    Args:
        optimizer: whose groups get the rates.
        base_lr: the lower bound, or one for each group.
        max_lr: the upper bound in the first cycle, or one for each group.
        step_size_up: steps upwards.
        step_size_down: steps downwards; as many by default.
        mode: the height of later cycles: "triangular" the same, "triangular2" half of the last, "exp_range"
            `gamma` to the number of steps.
        gamma: of "exp_range".
        scale_fn: the height as a function, in place of `mode`.
        scale_mode: what the function is of: "cycle" or "iterations".
        cycle_momentum: the momentum goes the other way.
        base_momentum: its lower bound.
        max_momentum: its upper bound.
        last_epoch: the last step of a run that goes on; -1 starts one.

    Source: Smith, Cyclical Learning Rates for Training Neural Networks, 2015.

    Raises:
        ArgumentError: no such mode, or no momentum to cycle.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        lows = for_each("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for low, group in zip(lows, optimizer.param_groups, strict=True):
                put(group, "lr", low)
        self.max_lrs = for_each("max_lr", optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up) + float(down)
        self.step_ratio = float(step_size_up) / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ArgumentError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                optimizer, base_momentum, max_momentum, fresh=last_epoch == -1
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def scale_fn(self, x: float) -> float:
        """The height of a cycle, of a first one of 1."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else float(self.gamma**x)

    def get_lr(self) -> Rates:
        """The next rates; the momentum is changed at once."""
        self._warn_outside()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self._groups(), self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                self._put_momentum(group, high - (high - low) * height * scale)
        return [
            low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """All that it knows but the optimiser and a plain function; of a callable object its attributes."""
        state = super().state_dict()
        custom = state["_scale_fn_custom"]
        plain = custom is None or isinstance(custom, types.FunctionType)
        state["_scale_fn_custom"] = None if plain else dict(custom.__dict__)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a state that `state_dict` gave; a plain function stays the one given here."""
        attributes = state_dict.get("_scale_fn_custom")
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_scale_fn_custom"})
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)


class OneCycleLR(_Cycling):
    """A rate that rises once, and falls far below where it began.

    Args:
        optimizer: whose groups get the rates.
        max_lr: the largest rate, or one for each group.
        total_steps: steps in all.
        epochs: in place of `total_steps`, together with `steps_per_epoch`.
        steps_per_epoch: steps of an epoch.
        pct_start: the share of steps in which the rate rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: the momentum goes the other way.
        base_momentum: its lower bound.
        max_momentum: its upper bound.
        div_factor: the largest rate over the first.
        final_div_factor: the first rate over the last.
        three_phase: come down to the first rate, as steeply as up, before the last phase.
        last_epoch: the last step of a run that goes on; -1 starts one.

    Source: Smith, Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates,
    2017.

    Raises:
        ArgumentError: a setting is out of range, there is no momentum to cycle, or no step is left.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        if total_steps is not None:
            self.total_steps = _positive("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)
        else:
            raise ArgumentError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ArgumentError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        last = self.total_steps - 1
        rise = float(pct_start * self.total_steps) - 1
        self._schedule_phases = [_phase(rise, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
        if three_phase:
            fall = float(2 * pct_start * self.total_steps) - 2
            self._schedule_phases += [
                _phase(fall, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                _phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            self._schedule_phases.append(_phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum"))
        if last_epoch == -1:
            for high, group in zip(
                for_each("max_lr", optimizer, max_lr), optimizer.param_groups, strict=True
            ):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, fresh=last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def _between(self, start: Any, end: Any, share: float) -> Any:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)
        return (end - start) * share + start

    def get_lr(self) -> Rates:
        """The next rates; the momentum is changed at once."""
        self._warn_outside()
        step = self.last_epoch
        if step > self.total_steps:
            raise ArgumentError(
                f"Tried to step {step} times. The specified number of total steps is {self.total_steps}"
            )
        start: float = 0.0
        phase = self._schedule_phases[0]
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        share = (step - start) / (phase["end_step"] - start)
        rates = []
        for group in self._groups():
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                bounds = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._put_momentum(group, self._between(*bounds, share))
        return rates


def _phase(end: float, *keys: str) -> dict[str, Any]:
    """A part of the schedule, as torch's state dicts have it: its end, and the groups' keys of its bounds."""
    return {"end_step": end, **dict(zip(_KEYS, keys, strict=True))}


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ArgumentError(f"Expected positive integer {name}, but got {value}")
    return value
