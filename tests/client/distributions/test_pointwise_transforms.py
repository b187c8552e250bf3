"""Transforms of single numbers."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from tests.client.distributions.transforming import Make, assert_as_torch, assert_right

X = [0.3, -1.2, 2.0]
CASES: list[tuple[Make, Any]] = [
    (lambda m: m.distributions.ExpTransform(), X),
    (lambda m: m.distributions.SigmoidTransform(), X),
    (lambda m: m.distributions.SoftplusTransform(), X),
    (lambda m: m.distributions.TanhTransform(), X),
    (lambda m: m.distributions.PowerTransform(2.5), [0.3, 1.2, 2.0]),
    (lambda m: m.distributions.AffineTransform(1.5, -2.0), X),
    (lambda m: m.distributions.AffineTransform(1.5, m.tensor([0.5, 2.0, 3.0]).to(m.float64), event_dim=1), X),
]


@pytest.mark.torch
@pytest.mark.parametrize(("make", "x"), CASES)
def test_as_torch(make: Make, x: Any) -> None:
    if make(tg).event_dim:
        pytest.importorskip("torch")
        pytest.skip("torch's sign is a tensor: compared in test_jacobians")
    assert_as_torch(make, x)


@pytest.mark.parametrize(("make", "x"), CASES)
def test_jacobians(make: Make, x: Any) -> None:
    assert_right(make, x)


def test_absolute_values() -> None:
    t = tg.distributions.AbsTransform()
    assert t(tg.tensor([-1.0, 2.0])).tolist() == [1.0, 2.0]
    assert not t.bijective
    with pytest.raises(NotImplementedError):
        t.log_abs_det_jacobian(tg.ones(1), tg.ones(1))


def test_equality() -> None:
    d = tg.distributions
    assert d.ExpTransform() == d.ExpTransform()
    assert d.AffineTransform(0, 1) == d.AffineTransform(0, 1)
    assert d.AffineTransform(0, 1) != d.AffineTransform(0, 2)
    assert d.PowerTransform(tg.tensor(2.0)) == d.PowerTransform(tg.tensor(2.0))
    assert d.ExpTransform() != d.TanhTransform()
    assert d.AffineTransform(0.0, tg.tensor(-3.0)).sign == -1
    assert len({d.ExpTransform(), d.ExpTransform()}) == 1
