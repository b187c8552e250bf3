"""Distributions of powers, and a ratio."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAMES = ["Weibull", "Pareto", "InverseGamma", "Kumaraswamy", "FisherSnedecor"]


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_as_torch(name: str) -> None:
    assert_as_torch(name, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_draws(name: str) -> None:
    assert_drawn_right(name)


@pytest.mark.parametrize("name", ["Weibull", "Pareto", "InverseGamma", "FisherSnedecor"])
def test_as_scipy(name: str) -> None:
    assert_as_scipy(name)


def test_parameters_are_looked_at() -> None:
    d = tg.distributions
    for make in (d.Weibull, d.Pareto, d.InverseGamma, d.Kumaraswamy, d.FisherSnedecor):
        with pytest.raises(ValueError, match="to satisfy the constraint GreaterThan"):
            make(1.0, -1.0)
    assert d.Weibull(tg.ones(2), 1.0).expand((3, 2)).sample().shape == (3, 2)
