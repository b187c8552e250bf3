"""A small program that trains, the same under torch and under telegrad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import telegrad as tg

STEPS = 50


@dataclass(slots=True)
class Run:
    """What came of a training.

    Attributes:
        losses: before each step.
        params: in the end.
        optimizer: in the end.
    """

    losses: list[float]
    params: list[np.ndarray]
    optimizer: Any


def problem(module: Any, *, dtype: Any = None) -> tuple[list[Any], Callable[[], Any]]:
    """Parameters, one of them complex, and the loss as a function of them."""
    rng = np.random.default_rng(7)
    dtype = dtype or module.float64
    x = module.tensor(rng.standard_normal((16, 4)), dtype=dtype)
    y = module.tensor(rng.standard_normal((16, 2)), dtype=dtype)
    weight = module.tensor(rng.standard_normal((4, 2)), dtype=dtype, requires_grad=True)
    bias = module.zeros(2, dtype=dtype, requires_grad=True)
    turn = module.tensor(rng.standard_normal(3) + 1j * rng.standard_normal(3), requires_grad=True)

    def loss() -> Any:
        return ((x @ weight + bias).tanh() - y).pow(2).mean() + 0.1 * (turn * turn - 1).abs().pow(2).sum()

    return [weight, bias, turn], loss


def train(module: Any, name: str, settings: dict[str, Any], steps: int = STEPS) -> Run:
    """Some steps of an optimiser, with the loss looked at in each."""
    params, loss = problem(module)
    optimizer = getattr(module.optim, name)(params, **settings)

    def closure() -> Any:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    losses = [optimizer.step(closure).item() for _ in range(steps)]
    return Run(losses, [p.detach().numpy() for p in params], optimizer)


def train_shapes(
    module: Any, name: str, shapes: list[tuple[int, ...]], settings: dict[str, Any], steps: int = 5
) -> Run:
    """Some steps of an optimiser whose rule depends on the shapes of parameters, with no look at losses."""
    params = [
        module.tensor(np.sin(1 + np.arange(np.prod(shape, dtype=int))).reshape(shape), requires_grad=True)
        for shape in shapes
    ]
    optimizer = getattr(module.optim, name)(params, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(((x - 0.5) ** 2).sum() + (x**4).sum() for x in params).backward()
        optimizer.step()
    return Run([], [x.detach().numpy() for x in params], optimizer)


def agree(name: str, *settings: dict[str, Any], rtol: float = 1e-12) -> None:
    """Passes where torch trains alike, and the state and its layout are torch's."""
    torch = pytest.importorskip("torch")
    for chosen in settings:
        mine, theirs = train(tg, name, chosen), train(torch, name, chosen)
        np.testing.assert_allclose(mine.losses, theirs.losses, rtol=rtol)
        for a, b in zip(mine.params, theirs.params, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)
        same_state(mine.optimizer.state_dict(), theirs.optimizer.state_dict(), rtol)
        assert repr(mine.optimizer) == repr(theirs.optimizer)


def same_state(mine: dict[str, Any], theirs: dict[str, Any], rtol: float = 1e-12) -> None:
    """Passes where two state dicts have the same keys, types and numbers."""
    assert mine["param_groups"] == theirs["param_groups"]
    assert mine["state"].keys() == theirs["state"].keys()
    for key, state in theirs["state"].items():
        assert set(mine["state"][key]) == set(state)
        for name, value in state.items():
            if hasattr(value, "detach"):
                held = mine["state"][key][name]
                assert held.numpy().dtype == value.numpy().dtype
                np.testing.assert_allclose(held.numpy(), value.numpy(), rtol=rtol, atol=1e-12)


def check_messages(name: str, settings: dict[str, Any], *, settled: int = 3) -> None:
    """Passes where a step costs one message, its look included, and the plans of later steps are known."""
    params, loss = problem(tg)
    optimizer = getattr(tg.optim, name)(params, **settings)
    log = tg.current_session().log
    start = log.count
    for _ in range(12):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        value.item()
    assert log.count - start == 12
    assert [m.plan_cached for m in list(log.messages)[-12:]][settled:] == [True] * (12 - settled)
    assert all(m.nodes < 400 for m in log.messages)


def check_expected(name: str, settings: dict[str, Any], losses: tuple[float, float, float]) -> None:
    """Passes where the losses before the first, tenth and last step are these, which PyTorch 2.13 gave."""
    mine = train(tg, name, settings).losses
    np.testing.assert_allclose([mine[0], mine[9], mine[-1]], losses, rtol=1e-12)
