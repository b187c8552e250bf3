"""How far to go along a direction: the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from telegrad.optim.history import Ahead
from telegrad.tensor import Tensor

#: Decrease and curvature that a step must reach, as torch has them.
_DECREASE: Final = 1e-4
_CURVATURE: Final = 0.9


@dataclass(slots=True)
class Point:
    """A place on the line.

    Attributes:
        at: how far from the start, in lengths of the direction.
        loss: the loss there.
        grad: its gradient, flat; stays on the server.
        slope: the gradient times the direction.
        ahead: what the next iteration would begin with, where that was asked for together with the loss.
    """

    at: float
    loss: float
    grad: Tensor
    slope: float
    ahead: Ahead | None = None


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, at: float, norm: float, tolerance: float, limit: int
) -> tuple[Point, int]:
    """A point that satisfies the strong Wolfe conditions, or the best found; and the number of evaluations.

    Args:
        evaluate: gives the point so far along the line.
        start: where the line begins.
        at: the first guess.
        norm: the direction's largest component.
        tolerance: the bracket's size, times `norm`, below which the search ends.
        limit: evaluations beyond the first.

    Source: Nocedal, Wright, Numerical Optimization, algorithms 3.5 and 3.6, in torch's form
    (torch/optim/lbfgs.py).
    """
    new, count = evaluate(at), 1
    before = start
    found: list[Point] = []
    done = False
    tries = 0
    while tries < limit:
        if _too_high(new, start) or (tries > 1 and new.loss >= before.loss):
            found = [before, new]
            break
        if _flat(new, start):
            found, done = [new], True
            break
        if new.slope >= 0:
            found = [before, new]
            break
        bounds = (new.at + 0.01 * (new.at - before.at), new.at * 10)
        at = cubic(before, new, bounds)
        before, new = new, evaluate(at)
        count += 1
        tries += 1
    if tries == limit:
        found = [start, new]
    return _zoom(evaluate, start, found, done, norm, tolerance, tries, limit, count)


def _zoom(
    evaluate: Callable[[float], Point],
    start: Point,
    bracket: list[Point],
    done: bool,
    norm: float,
    tolerance: float,
    tries: int,
    limit: int,
    count: int,
) -> tuple[Point, int]:
    """The best point in a bracket, made ever smaller."""
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    stuck = False
    while not done and tries < limit:
        if abs(bracket[1].at - bracket[0].at) * norm < tolerance:
            break
        at = cubic(bracket[0], bracket[1])
        left, right = sorted((bracket[0].at, bracket[1].at))
        margin = 0.1 * (right - left)
        if min(right - at, at - left) < margin:
            if stuck or at >= right or at <= left:
                at = right - margin if abs(at - right) < abs(at - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = evaluate(at)
        count += 1
        tries += 1
        if _too_high(new, start) or new.loss >= bracket[low].loss:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
        else:
            if _flat(new, start):
                done = True
            elif new.slope * (bracket[high].at - bracket[low].at) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
    return bracket[low if len(bracket) > 1 else 0], count


def _too_high(new: Point, start: Point) -> bool:
    return new.loss > start.loss + _DECREASE * new.at * start.slope


def _flat(new: Point, start: Point) -> bool:
    return abs(new.slope) <= -_CURVATURE * start.slope


def cubic(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points, with their slopes, is least."""
    low, high = bounds if bounds is not None else (min(a.at, b.at), max(a.at, b.at))
    first = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.at - b.at)
    square = first**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    root = math.sqrt(square)
    if a.at > b.at:
        a, b = b, a
    at = b.at - (b.at - a.at) * ((b.slope + root - first) / (b.slope - a.slope + 2 * root))
    return min(max(at, low), high)
