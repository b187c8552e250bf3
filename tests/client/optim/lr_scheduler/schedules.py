"""Schedules to be compared with PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg

Make = Callable[[Any, Any], Any]


def rates(
    module: Any, make: Make, *, steps: int = 30, optimizer: str = "SGD", metrics: Any = None
) -> list[Any]:
    """The rates, and the momentum, of two groups along a schedule."""
    a, b = (module.ones(1, requires_grad=True) for _ in range(2))
    settings = {"momentum": 0.9} if optimizer == "SGD" else {}
    chosen = getattr(module.optim, optimizer)(
        [{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.05, **settings
    )
    scheduler = make(module.optim.lr_scheduler, chosen)
    found = []
    for k in range(steps):
        found.append([(g["lr"], g.get("momentum"), g.get("betas")) for g in chosen.param_groups])
        chosen.step()
        if metrics is None:
            scheduler.step()
        else:
            scheduler.step(metrics(k))
        assert scheduler.get_last_lr() == [g["lr"] for g in chosen.param_groups]
    return found


def agree(make: Make, **named: Any) -> None:
    """Passes where torch's schedule gives the very same rates."""
    torch = pytest.importorskip("torch")
    assert rates(tg, make, **named) == rates(torch, make, **named)


def optimizer() -> Any:
    """Something to schedule."""
    return tg.optim.SGD([tg.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)


def resume(make: Callable[[Any], Any]) -> None:
    """Passes where a schedule goes on from its saved state."""
    one, other = optimizer(), optimizer()
    first, second = make(one), make(other)
    for _ in range(4):
        one.step()
        first.step()
    second.load_state_dict(first.state_dict())
    other.load_state_dict(one.state_dict())
    for chosen, scheduler in ((one, first), (other, second)):
        chosen.step()
        scheduler.step()
    assert one.param_groups[0]["lr"] == other.param_groups[0]["lr"]
