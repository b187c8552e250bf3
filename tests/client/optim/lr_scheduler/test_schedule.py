"""What all schedules share."""

from __future__ import annotations

import warnings

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
