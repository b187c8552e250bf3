"""What L-BFGS remembers: the two loops over it, as triangular systems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.optim.history import History

Array = np.ndarray[Any, Any]


def two_loops(pairs: list[tuple[Array, Array]], guess: float, grad: Array) -> Array:
    """Source: Nocedal, Wright, Numerical Optimization, algorithm 7.4."""
    found, shares = -grad, []
    for step, change in reversed(pairs):
        shares.append(step @ found / (step @ change))
        found = found - shares[-1] * change
    found = found * guess
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        found = found + step * (share - change @ found / (step @ change))
    return found


@pytest.mark.parametrize(("limit", "count"), [(3, 2), (3, 7), (100, 1), (100, 11), (1, 4)])
def test_a_direction_is_that_of_the_two_loops(limit: int, count: int, rng: np.random.Generator) -> None:
    n = 9
    curvature = rng.standard_normal((n, n))
    curvature = curvature @ curvature.T + np.eye(n)
    history = History(tg.zeros(n, dtype=tg.float64), limit)
    pairs: list[tuple[Array, Array]] = []
    guess: Any = 1.0
    for i in range(count):
        step = rng.standard_normal(n)
        change = curvature @ step
        history.noted(history.add(tg.tensor(step), tg.tensor(change)).item())
        if i == 1:  # against the curvature: not remembered
            history.noted(history.add(tg.tensor(step), tg.tensor(-change)).item())
        pairs = [*pairs, (step, change)][-limit:]
        guess = step @ change / (change @ change)
        grad = rng.standard_normal(n)
        found = history.direction(tg.tensor(grad)).numpy()
        np.testing.assert_allclose(found, two_loops(pairs, guess, grad), rtol=1e-9, atol=1e-12)
    assert history.used == len(pairs)


def test_pairs_go_out_and_come_back(rng: np.random.Generator) -> None:
    like = tg.zeros(4, dtype=tg.float64)
    history = History(like, 5)
    step = np.zeros(4)
    for _ in range(6):
        step = rng.standard_normal(4)
        history.noted(history.add(tg.tensor(step), tg.tensor(2 * step)).item())
    changes, steps, inverses = history.pairs()
    assert len(changes) == len(steps) == len(inverses) == 5
    assert inverses[-1].item() == pytest.approx(1 / (2 * step @ step))
    again = History.of(changes, steps, history.guess, like, 5)
    grad = tg.tensor(rng.standard_normal(4))
    np.testing.assert_allclose(again.direction(grad).numpy(), history.direction(grad).numpy(), rtol=1e-12)
