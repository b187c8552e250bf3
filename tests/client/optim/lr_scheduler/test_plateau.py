"""A rate that falls when nothing improves."""

from __future__ import annotations

import math

import pytest

import telegrad as tg
from telegrad.optim import lr_scheduler as s
from tests.client.optim.lr_scheduler.schedules import agree, optimizer


@pytest.mark.torch
def test_as_torch() -> None:
    def metric(k: int) -> float:
        return math.cos(k / 3) / (1 + k)

    agree(lambda m, o: m.ReduceLROnPlateau(o, patience=2, cooldown=1), metrics=metric)
    agree(
        lambda m, o: m.ReduceLROnPlateau(
            o, "max", factor=0.5, patience=1, threshold_mode="abs", min_lr=[0.1, 0]
        ),
        metrics=metric,
    )


def test_it_falls_when_nothing_improves() -> None:
    chosen = optimizer()
    scheduler = s.ReduceLROnPlateau(chosen, patience=1)
    for loss in (3.0, 2.0, 2.0, tg.tensor(2.0)):
        scheduler.step(loss)
    assert scheduler.get_last_lr() == [0.1]
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(1.0, epoch=9)
    assert scheduler.last_epoch == 9
    assert scheduler.in_cooldown is False


def test_settings_out_of_range() -> None:
    for settings, words in (
        ({"factor": 1.0}, "Factor should be < 1.0."),
        ({"mode": "mid"}, "mode mid is unknown!"),
        ({"threshold_mode": "odd"}, "threshold mode odd is unknown!"),
        ({"min_lr": [0.1, 0.2]}, "expected 1 min_lrs, got 2"),
    ):
        with pytest.raises(ValueError, match=words):
            s.ReduceLROnPlateau(optimizer(), **settings)
    chosen = optimizer()
    scheduler = s.ReduceLROnPlateau(chosen, patience=0, min_lr=[0.0])
    chosen.add_param_group({"params": [tg.ones(1)]})
    scheduler.step(1.0)
    with pytest.raises(RuntimeError, match="number of param groups"):
        scheduler.step(2.0)
