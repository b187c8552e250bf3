"""Rates along curves: PyTorch's, to the last bit."""

from __future__ import annotations

import pytest

from telegrad.optim import lr_scheduler as s
from tests.client.optim.lr_scheduler.schedules import Make, agree, optimizer, rates, resume

CASES: list[Make] = [
    lambda m, o: m.StepLR(o, 4, gamma=0.3),
    lambda m, o: m.MultiStepLR(o, [3, 7, 7, 20]),
    lambda m, o: m.ConstantLR(o, factor=0.25, total_iters=6),
    lambda m, o: m.LinearLR(o, start_factor=0.1, end_factor=0.7, total_iters=9),
    lambda m, o: m.ExponentialLR(o, 0.87),
    lambda m, o: m.PolynomialLR(o, total_iters=12, power=1.7),
    lambda m, o: m.CosineAnnealingLR(o, 8, eta_min=0.01),
    lambda m, o: m.CosineAnnealingWarmRestarts(o, 5),
    lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.02),
]


@pytest.mark.torch
@pytest.mark.parametrize("make", CASES)
def test_as_torch(make: Make) -> None:
    agree(make)


@pytest.mark.torch
def test_between_two_epochs() -> None:
    agree(
        lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, T_mult=2),
        metrics=lambda k: k / 3,
    )


def test_some_rates() -> None:
    import telegrad as tg

    found = [row[0][0] for row in rates(tg, lambda m, o: m.StepLR(o, 2, gamma=0.5), steps=6)]
    assert found == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    found = [row[0][0] for row in rates(tg, lambda m, o: m.CosineAnnealingLR(o, 4), steps=6)]
    assert found == pytest.approx([0.5, 0.4267766952966369, 0.25, 0.07322330470336313, 0.0, 0.0732233047])


@pytest.mark.parametrize("make", CASES)
def test_they_go_on(make: Make) -> None:
    resume(lambda o: make(s, o))


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        s.ConstantLR(optimizer(), factor=2)
    with pytest.raises(ValueError, match="greater than 0"):
        s.LinearLR(optimizer(), start_factor=0)
    with pytest.raises(ValueError, match="positive integer T_0"):
        s.CosineAnnealingWarmRestarts(optimizer(), 0)
    with pytest.raises(ValueError, match="T_mult >= 1"):
        s.CosineAnnealingWarmRestarts(optimizer(), 2, T_mult=0)
