"""Rates that go up and down: PyTorch's, to the last bit."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.optim import lr_scheduler as s
from tests.client.optim.lr_scheduler.schedules import Make, agree, optimizer, rates, resume

CASES: list[Make] = [
    lambda m, o: m.CyclicLR(o, 0.1, 0.5, step_size_up=4, step_size_down=3),
    lambda m, o: m.CyclicLR(o, 0.1, [0.5, 0.7], step_size_up=3, mode="triangular2"),
    lambda m, o: m.CyclicLR(o, 0.1, 0.5, step_size_up=4, mode="exp_range", gamma=0.95),
    lambda m, o: m.CyclicLR(o, 0.1, 0.5, step_size_up=4, scale_fn=lambda x: 1 / (1 + x)),
    lambda m, o: m.OneCycleLR(o, 0.9, total_steps=40),
    lambda m, o: m.OneCycleLR(o, [0.9, 0.2], epochs=8, steps_per_epoch=5, anneal_strategy="linear"),
    lambda m, o: m.OneCycleLR(o, 0.9, total_steps=32, three_phase=True, pct_start=0.4),
]


@pytest.mark.torch
@pytest.mark.parametrize("make", CASES)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_as_torch(make: Make, name: str) -> None:
    agree(make, optimizer=name)


def test_some_rates() -> None:
    found = [row[0][0] for row in rates(tg, CASES[0], steps=8)]
    assert found == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.3666666667, 0.2333333333, 0.1])


def test_they_go_on() -> None:
    resume(lambda o: s.CyclicLR(o, 0.1, 0.5, step_size_up=4, mode="triangular2"))
    resume(lambda o: s.OneCycleLR(o, 0.9, total_steps=40))


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="mode is invalid"):
        s.CyclicLR(optimizer(), 0.1, 0.5, mode="square")
    with pytest.raises(ValueError, match="must support momentum"):
        s.CyclicLR(tg.optim.Adagrad([tg.ones(1)]), 0.1, 0.5)
    with pytest.raises(ValueError, match="same length"):
        s.OneCycleLR(optimizer(), [0.1, 0.2], total_steps=5)
    with pytest.raises(ValueError, match="You must define either"):
        s.OneCycleLR(optimizer(), 0.1)
    with pytest.raises(ValueError, match="positive integer epochs"):
        s.OneCycleLR(optimizer(), 0.1, epochs=0, steps_per_epoch=2)
    with pytest.raises(ValueError, match="anneal_strategy"):
        s.OneCycleLR(optimizer(), 0.1, total_steps=5, anneal_strategy="wavy")
    with pytest.raises(ValueError, match="pct_start"):
        s.OneCycleLR(optimizer(), 0.1, total_steps=5, pct_start=2.0)
    chosen = optimizer()
    scheduler = s.OneCycleLR(chosen, 0.1, total_steps=2)
    chosen.step()
    scheduler.step()
    scheduler.step()
    with pytest.raises(ValueError, match="Tried to step 3 times"):
        scheduler.step()
