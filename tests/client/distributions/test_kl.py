"""Divergences of distributions of one kind: beside torch, and by their definition."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.distributions.diverging import FAMILIES, assert_as_torch, assert_mean_log_ratio


@pytest.mark.torch
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_as_torch(name: str) -> None:
    assert_as_torch(name, name)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_by_definition(name: str) -> None:
    assert_mean_log_ratio(name, name)


def test_a_distribution_does_not_diverge_from_itself() -> None:
    for make, row, _ in FAMILIES.values():
        law = make(tg.distributions, *[tg.tensor(x, dtype=tg.float64) for x in row])
        found = tg.distributions.kl_divergence(law, law)
        assert found.abs().max().item() == pytest.approx(0.0, abs=1e-12)


def test_registering_an_own_pair() -> None:
    class Point(tg.distributions.Normal):
        pass

    p, q = Point(0.0, 1.0), tg.distributions.Normal(0.0, 1.0)
    assert tg.distributions.kl_divergence(p, q).item() == 0.0  # that of the class above it

    def formula(p: Point, q: tg.distributions.Normal) -> tg.Tensor:
        return q.loc + 3

    tg.distributions.register_kl(Point, tg.distributions.Normal)(formula)
    assert tg.distributions.kl_divergence(p, q).item() == 3.0
    with pytest.raises(NotImplementedError, match="No KL"):
        tg.distributions.kl_divergence(tg.distributions.Categorical(tg.ones(2)), q)
    with pytest.raises(TypeError, match="Expected type_p"):
        tg.distributions.register_kl(int, Point)


def test_wider_structures() -> None:
    d = tg.distributions
    p, q = d.LogNormal(0.0, 1.0), d.LogNormal(1.0, 2.0)
    wanted = d.kl_divergence(p.base_dist, q.base_dist).item()
    assert d.kl_divergence(p, q).item() == pytest.approx(wanted)
    rows = [d.Independent(d.Normal(tg.zeros(3), s), 1) for s in (1.0, 2.0)]
    assert d.kl_divergence(*rows).shape == ()
    with pytest.raises(NotImplementedError):
        d.kl_divergence(rows[0], d.Independent(d.Normal(tg.zeros(3), 1.0), 0))
