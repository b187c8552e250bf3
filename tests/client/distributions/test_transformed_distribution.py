"""Distributions of what is computed from a variable."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["TransformedDistribution"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_what_is_refused() -> None:
    d = tg.distributions
    with pytest.raises(ValueError, match="must be a Transform or list"):
        d.TransformedDistribution(d.Normal(0.0, 1.0), [1])
    with pytest.raises(ValueError, match="shape with size at least 1"):
        d.TransformedDistribution(d.Normal(0.0, 1.0), d.StickBreakingTransform())


def test_what_a_transform_mixes_is_one_event() -> None:
    d = tg.distributions
    law = d.TransformedDistribution(d.Normal(tg.zeros(4, 2), 1.0), d.StickBreakingTransform())
    assert (law.batch_shape, law.event_shape) == ((4,), (3,))
    drawn = law.rsample((5,))
    assert drawn.shape == (5, 4, 3)
    assert law.log_prob(drawn).shape == (5, 4)
    np.testing.assert_allclose(drawn.sum(-1).numpy(), 1.0, rtol=1e-5)
    assert law.expand((2, 4)).event_shape == (3,)
