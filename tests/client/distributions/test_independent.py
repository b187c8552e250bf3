"""Batch dimensions that are events."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["Independent"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_dimensions_become_events() -> None:
    law = tg.distributions.Independent(tg.distributions.Normal(tg.zeros(4, 3), 1.0), 1)
    assert (law.batch_shape, law.event_shape) == ((4,), (3,))
    assert law.log_prob(tg.zeros(4, 3)).shape == (4,)
    assert law.expand((2, 4)).sample().shape == (2, 4, 3)
    assert law.support.event_dim == 1
    with pytest.raises(ValueError, match="Expected reinterpreted_batch_ndims"):
        tg.distributions.Independent(tg.distributions.Normal(0.0, 1.0), 1)
    coins = tg.distributions.Independent(tg.distributions.Bernoulli(tg.ones(2) / 2), 1)
    with pytest.raises(NotImplementedError, match="cartesian product"):
        coins.enumerate_support()
