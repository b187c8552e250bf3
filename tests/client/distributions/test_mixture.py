"""Mixtures."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_torch, assert_drawn_right

NAMES = ["MixtureSameFamily"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


def test_what_does_not_fit() -> None:
    d = tg.distributions
    two = d.Categorical(tg.ones(2))
    with pytest.raises(ValueError, match=r"does not equal"):
        d.MixtureSameFamily(two, d.Normal(tg.zeros(3), 1.0))
    with pytest.raises(ValueError, match=r"torch\.distributions\.Categorical"):
        d.MixtureSameFamily(d.Bernoulli(0.5), d.Normal(tg.zeros(3), 1.0))
    with pytest.raises(ValueError, match="not compatible"):
        d.MixtureSameFamily(d.Categorical(tg.ones(4, 2)), d.Normal(tg.zeros(3, 2), 1.0))


def test_vectors() -> None:
    d = tg.distributions
    law = d.MixtureSameFamily(d.Categorical(tg.ones(2)), d.Independent(d.Normal(tg.zeros(4, 2, 3), 1.0), 1))
    assert (law.batch_shape, law.event_shape) == ((4,), (3,))
    assert law.sample((5,)).shape == (5, 4, 3)
    assert law.log_prob(law.sample((5,))).shape == (5, 4)


def test_support() -> None:
    d = tg.distributions
    law = d.MixtureSameFamily(d.Categorical(tg.ones(2)), d.Uniform(tg.zeros(2), tg.tensor([1.0, 3.0])))
    assert isinstance(law.support, d.constraints.MixtureSameFamilyConstraint)
    assert law.support.check(tg.tensor([0.5, 2.0, -1.0])).tolist() == [True, False, False]
    assert repr(d.constraints.MixtureSameFamilyConstraint(d.constraints.real)) == (
        "MixtureSameFamilyConstraint(Real())"
    )
    rows = d.MixtureSameFamily(d.Categorical(tg.ones(2)), d.Dirichlet(tg.ones(2, 3)))
    assert rows.support.check(rows.sample((5,))).tolist() == [True] * 5
    with pytest.raises(AssertionError, match="must be a Constraint, got int"):
        d.constraints.MixtureSameFamilyConstraint(3)
