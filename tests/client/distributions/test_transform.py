"""Inverses, caches, and transforms one after the other."""

from __future__ import annotations

import gc

import pytest

import telegrad as tg
from telegrad.distributions.transform import ComposeTransform, Transform, identity_transform
from tests.client.distributions.transforming import assert_as_torch, assert_right


def test_inverses() -> None:
    t = tg.distributions.ExpTransform()
    assert t.inv.inv is t
    assert t.inv(tg.tensor(1.0)).item() == 0.0
    assert t.inv is t.inv
    assert t.inv.domain is t.codomain
    assert t.inv == tg.distributions.ExpTransform().inv
    assert t.inv.sign == 1
    assert t.inv.log_abs_det_jacobian(tg.tensor(2.0), tg.tensor(2.0).log()).item() == pytest.approx(
        -0.6931472
    )
    assert "Inverse" in repr(t.inv)
    gc.collect()


def test_a_cache_gives_the_same_tensor_back() -> None:
    t = tg.distributions.TanhTransform(cache_size=1)
    x = tg.tensor([30.0])
    y = t(x)
    assert t(x) is y
    assert t.inv(y) is x
    assert t.with_cache(1) is t
    plain = t.with_cache(0)
    assert plain.inv(y).isinf().all()
    with pytest.raises(ValueError, match="cache_size must be 0 or 1"):
        tg.distributions.TanhTransform(cache_size=2)


def test_nothing_is_known_of_a_transform_as_such() -> None:
    for ask in (
        lambda: Transform()(tg.ones(1)),
        lambda: Transform().inv(tg.ones(1)),
        lambda: Transform().sign,
    ):
        with pytest.raises(NotImplementedError):
            ask()
    assert identity_transform(x := tg.ones(2)) is x


@pytest.mark.torch
def test_one_after_the_other_as_torch() -> None:
    assert_as_torch(
        lambda m: m.distributions.ComposeTransform(
            [m.distributions.AffineTransform(0.5, 2.0), m.distributions.TanhTransform()]
        ),
        [0.1, -0.3],
    )


def test_one_after_the_other() -> None:
    d = tg.distributions
    parts = [d.AffineTransform(0.5, -2.0), d.SigmoidTransform()]
    whole = d.ComposeTransform(parts)
    assert_right(lambda m: whole, [0.1, -0.3, 0.7])
    assert whole.sign == -1
    assert whole == ComposeTransform(parts)
    assert whole.inv(whole(tg.zeros(2))).tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert whole.with_cache(1)._cache_size == 1
    mixed = d.ComposeTransform([d.ExpTransform(), d.StickBreakingTransform()])
    assert (mixed.domain.event_dim, mixed.codomain.event_dim) == (1, 1)
    assert mixed.forward_shape((4, 2)) == (4, 3)
    x = tg.zeros(4, 2)
    assert mixed.log_abs_det_jacobian(x, mixed(x)).shape == (4,)
