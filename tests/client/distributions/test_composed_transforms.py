"""Transforms made of others."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from tests.client.distributions.transforming import Make, assert_as_torch, assert_right


def _parts(m: Any) -> list[Any]:
    return [m.distributions.ExpTransform(), m.distributions.AffineTransform(1.0, 2.0)]


CASES: list[tuple[Make, Any]] = [
    (lambda m: m.distributions.CatTransform(_parts(m), 0, [2, 1]), [0.1, 0.2, 0.3]),
    (lambda m: m.distributions.StackTransform(_parts(m), 0), [0.1, 0.2]),
    (lambda m: m.distributions.IndependentTransform(m.distributions.ExpTransform(), 1), [0.1, 0.2]),
    (
        lambda m: m.distributions.CumulativeDistributionTransform(
            m.distributions.Normal(m.zeros((), dtype=m.float64), 1.0)
        ),
        [0.1, 0.2],
    ),
]


@pytest.mark.torch
@pytest.mark.parametrize(("make", "x"), CASES)
def test_as_torch(make: Make, x: Any) -> None:
    assert_as_torch(make, x)


@pytest.mark.parametrize(("make", "x"), CASES)
def test_jacobians(make: Make, x: Any) -> None:
    assert_right(make, x)


def test_places() -> None:
    t = tg.distributions.StackTransform(_parts(tg))
    with pytest.raises(NotImplementedError, match="requires 2 places, got 3"):
        t(tg.zeros(3))
    assert t.bijective
    assert t.codomain.check(tg.ones(2)).all()
    assert tg.distributions.IndependentTransform(tg.distributions.ExpTransform(), 2).domain.event_dim == 2
