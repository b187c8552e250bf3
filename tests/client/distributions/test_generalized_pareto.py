"""The generalised Pareto distribution."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import telegrad as tg
from tests.client.distributions.cases import assert_as_scipy, assert_as_torch, assert_drawn_right

NAME = "GeneralizedPareto"


@pytest.fixture
def _doubles() -> Iterator[None]:
    """torch's own formula compares with a number of the default type."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.torch
@pytest.mark.usefixtures("_doubles")
def test_as_torch() -> None:
    assert_as_torch(NAME)


def test_draws() -> None:
    assert_drawn_right(NAME)


def test_as_scipy() -> None:
    assert_as_scipy(NAME)


def test_where_it_is_even_and_where_it_has_no_moments() -> None:
    even = tg.distributions.GeneralizedPareto(1.0, 2.0, -1.0)
    assert even.log_prob(tg.tensor([1.0, 2.0, 3.0])).exp().tolist() == pytest.approx([0.5] * 3)
    assert even.support.upper_bound.item() == 3.0
    heavy = tg.distributions.GeneralizedPareto(0.0, 1.0, tg.tensor([0.7, 1.2]))
    assert heavy.mean.isnan().tolist() == [False, True]
    assert heavy.variance.isnan().all()
    at = tg.tensor([2.0, 3.0])
    assert heavy.log_survival_function(at).exp().tolist() == pytest.approx((1 - heavy.cdf(at)).tolist())
    with pytest.raises(ValueError, match="to be within the support"):
        even.log_prob(tg.tensor(0.5)).item()
