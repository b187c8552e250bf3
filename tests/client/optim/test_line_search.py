"""The line search on functions of one number."""

from __future__ import annotations

import math

import pytest

import telegrad as tg
from telegrad.optim.line_search import Point, cubic, strong_wolfe

NOTHING = tg.zeros(1)


def on(f: object, g: object) -> object:
    return lambda at: Point(at, f(at), NOTHING, g(at))  # type: ignore[operator]


@pytest.mark.parametrize("first", [0.01, 0.5, 1.0, 8.0])
def test_the_conditions_hold(first: float) -> None:
    evaluate = on(lambda t: (t - 2) ** 2 + math.sin(3 * t) / 5, lambda t: 2 * (t - 2) + 0.6 * math.cos(3 * t))
    start = evaluate(0.0)  # type: ignore[operator]
    found, count = strong_wolfe(evaluate, start, first, 1.0, 1e-9, 25)  # type: ignore[arg-type]
    assert found.loss <= start.loss + 1e-4 * found.at * start.slope
    assert abs(found.slope) <= -0.9 * start.slope
    assert 1 <= count <= 26


def test_no_evaluations_left() -> None:
    evaluate = on(lambda t: -t, lambda t: -1.0)
    found, count = strong_wolfe(evaluate, evaluate(0.0), 1.0, 1.0, 1e-9, 0)  # type: ignore[arg-type, operator]
    assert (found.at, count) == (1.0, 1)


def test_the_cubic_meets_a_parabola_where_it_is_least() -> None:
    a, b = Point(0.0, 9.0, NOTHING, -6.0), Point(5.0, 4.0, NOTHING, 4.0)
    assert cubic(a, b) == pytest.approx(3.0)
    assert cubic(b, a) == pytest.approx(3.0)
    assert cubic(a, b, (3.5, 10.0)) == 3.5
    # Without a minimum the middle is as good as any.
    assert cubic(Point(0.0, 0.0, NOTHING, 1.0), Point(1.0, 0.5, NOTHING, 1.0)) == 0.5
