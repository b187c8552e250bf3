"""Schedules of schedules."""

from __future__ import annotations

import pytest

from telegrad.optim import lr_scheduler as s
from tests.client.optim.lr_scheduler.schedules import Make, agree, optimizer, resume

SEQUENCE: Make = lambda m, o: m.SequentialLR(  # noqa: E731
    o, [m.LinearLR(o, total_iters=4), m.ExponentialLR(o, 0.9), m.StepLR(o, 2)], milestones=[5, 12]
)
CHAIN: Make = lambda m, o: m.ChainedScheduler([m.ConstantLR(o, 0.1, 6), m.ExponentialLR(o, 0.9)])  # noqa: E731


@pytest.mark.torch
def test_as_torch() -> None:
    agree(SEQUENCE)
    agree(CHAIN)


def test_they_go_on() -> None:
    resume(lambda o: SEQUENCE(s, o))
    resume(lambda o: CHAIN(s, o))


def test_what_does_not_go_together() -> None:
    one, other = optimizer(), optimizer()
    with pytest.raises(ValueError, match="at least one scheduler"):
        s.SequentialLR(one, [], [])
    with pytest.raises(ValueError, match="at least one scheduler"):
        s.ChainedScheduler([])
    with pytest.raises(ValueError, match="one more than the number of milestone points"):
        s.SequentialLR(one, [s.StepLR(one, 1)], [3])
    with pytest.raises(ValueError, match="same optimizer"):
        s.ChainedScheduler([s.StepLR(one, 1), s.StepLR(other, 1)])
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        s.ChainedScheduler([s.ReduceLROnPlateau(one)])
