"""What all schedules share."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

import telegrad as tg
from telegrad.optim.lr_scheduler import LRScheduler, StepLR
from tests.client.optim.lr_scheduler.schedules import optimizer


def test_a_schedule_of_the_user() -> None:
    class Halving(LRScheduler):
        def get_lr(self) -> list[float]:
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    chosen = optimizer()
    scheduler = Halving(chosen)
    for _ in range(3):
        chosen.step()
        scheduler.step()
    assert scheduler.get_last_lr() == [0.125]


def test_it_warns_where_torch_does() -> None:
    scheduler = StepLR(optimizer(), 2)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
        scheduler.step()
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(5)
    assert scheduler.get_last_lr() == [pytest.approx(0.01)]


def test_a_run_that_goes_on_needs_its_first_rates() -> None:
    with pytest.raises(KeyError, match="initial_lr"):
        StepLR(optimizer(), 2, last_epoch=3)
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        StepLR(3, 2)  # type: ignore[arg-type]


def test_a_rate_that_is_a_tensor_stays_one() -> None:
    rate = tg.tensor(1.0)
    chosen = tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=rate)
    scheduler = StepLR(chosen, 1, gamma=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.step()
    assert chosen.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5


def test_rates_are_no_part_of_a_plan() -> None:
    x = tg.ones(3, requires_grad=True)
    chosen = tg.optim.SGD([x], lr=0.5)
    scheduler = tg.optim.lr_scheduler.ExponentialLR(chosen, 0.9)
    for _ in range(8):
        chosen.zero_grad()
        (x * x).sum().backward()
        chosen.step()
        scheduler.step()
    tg.synchronize()
    cached = [m.plan_cached for m in tg.current_session().log.messages]
    assert cached[3:8] == [True] * 5


KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.9),
    "StepLR": lambda s, o: s.StepLR(o, 2),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 6]),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 5),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.1, step_size_up=3),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=20, three_phase=True),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [3]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o), s.ExponentialLR(o, 0.9)]),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_states_are_torchs_key_for_key(name: str) -> None:
    torch = pytest.importorskip("torch")

    def run(module: Any, steps: int, states: tuple[Any, Any] | None = None) -> tuple[Any, Any, list[float]]:
        x = module.ones(1, requires_grad=True)
        chosen = module.optim.SGD([x], lr=0.1, momentum=0.9)
        scheduler = KINDS[name](module.optim.lr_scheduler, chosen)
        if states is not None:
            chosen.load_state_dict(deepcopy(states[0]))
            scheduler.load_state_dict(deepcopy(states[1]))
        rates = []
        for _ in range(steps):
            chosen.step()
            scheduler.step()
            rates.append(chosen.param_groups[0]["lr"])
        return chosen.state_dict(), scheduler.state_dict(), rates

    whole = run(torch, 10)[2]
    mine, theirs = run(tg, 5), run(torch, 5)
    assert mine[0] == theirs[0]
    assert mine[1] == theirs[1]
    assert run(tg, 5, theirs[:2])[2] == run(torch, 5, mine[:2])[2] == whole[5:]
