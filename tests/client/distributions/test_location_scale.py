"""Distributions that are moved and stretched."""

from __future__ import annotations

import pytest

from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = ["Uniform", "Laplace", "Cauchy", "HalfCauchy", "Gumbel", "StudentT"]
SCIPY = NAMES


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


@pytest.mark.parametrize("name", SCIPY)
def test_as_scipy(name: str) -> None:
    assert_as_scipy(name)
