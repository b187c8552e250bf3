"""Rates told by functions."""

from __future__ import annotations

import pytest

from telegrad.optim import lr_scheduler as s
from tests.client.optim.lr_scheduler.schedules import agree, optimizer, resume


@pytest.mark.torch
def test_as_torch() -> None:
    agree(lambda m, o: m.LambdaLR(o, [lambda k: 0.9**k, lambda k: 1 / (1 + k)]))
    agree(lambda m, o: m.MultiplicativeLR(o, lambda k: 0.95))


def test_functions_of_the_epoch() -> None:
    chosen = optimizer()
    scheduler = s.LambdaLR(chosen, lambda k: 1 / (1 + k))
    chosen.step()
    scheduler.step()
    assert chosen.param_groups[0]["lr"] == 0.5
    assert scheduler.state_dict()["lr_lambdas"] == [None]
    resume(lambda o: s.MultiplicativeLR(o, lambda k: 0.5))


class Power:
    def __init__(self, base: float) -> None:
        self.base = base

    def __call__(self, epoch: int) -> float:
        return self.base**epoch


def test_callable_objects_are_saved() -> None:
    state = s.LambdaLR(optimizer(), Power(0.5)).state_dict()
    other = s.LambdaLR(optimizer(), Power(0.1))
    other.load_state_dict(state)
    assert other.lr_lambdas[0].base == 0.5  # type: ignore[attr-defined]


def test_what_is_no_function() -> None:
    with pytest.raises(ValueError, match="Expected 1 lr_lambdas, but got 2"):
        s.LambdaLR(optimizer(), [lambda k: 1.0, lambda k: 1.0])
    with pytest.raises(TypeError, match="should be a function"):
        s.MultiplicativeLR(optimizer(), 0.5)  # type: ignore[arg-type]
