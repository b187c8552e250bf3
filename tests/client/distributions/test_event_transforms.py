"""Transforms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.distributions.transforming import Make, assert_as_torch

CASES: list[tuple[Make, Any]] = [
    (lambda m: m.distributions.StickBreakingTransform(), [[0.3, -1.2, 2.0], [0.0, 0.1, 0.2]]),
    (lambda m: m.distributions.SoftmaxTransform(), [[0.3, -1.2, 2.0]]),
    (lambda m: m.distributions.LowerCholeskyTransform(), [[0.3, -1.2], [2.0, 0.5]]),
    (lambda m: m.distributions.PositiveDefiniteTransform(), [[0.3, 0.0], [2.0, 0.5]]),
    (lambda m: m.distributions.CorrCholeskyTransform(), [[0.3, -1.2, 0.4], [0.0, 0.1, 0.2]]),
    (lambda m: m.distributions.ReshapeTransform((2, 3), (6,)), np.arange(12.0).reshape(2, 2, 3)),
]


@pytest.mark.torch
@pytest.mark.parametrize(("make", "x"), CASES)
def test_as_torch(make: Make, x: Any) -> None:
    assert_as_torch(make, x)


def test_where_they_lead() -> None:
    d = tg.distributions
    for make, x in CASES:
        t = make(tg)
        y = t(tg.tensor(np.array(x, float)))
        assert t.codomain.check(y).all()
        assert tuple(t.forward_shape(np.shape(x))) == tuple(y.shape)
        assert t == make(tg) or isinstance(t, (d.ReshapeTransform, d.CorrCholeskyTransform))


def test_the_jacobian_of_stick_breaking() -> None:
    t = tg.distributions.StickBreakingTransform()
    x = tg.tensor([0.3, -1.2, 2.0], dtype=tg.float64)
    jacobian = tg.func.jacrev(lambda v: t(v)[:-1])(x)
    found = t.log_abs_det_jacobian(x, t(x))
    assert found.item() == pytest.approx(tg.linalg.slogdet(jacobian)[1].item(), rel=1e-9)


def test_what_is_refused() -> None:
    d = tg.distributions
    with pytest.raises(ValueError, match="different numbers of elements"):
        d.ReshapeTransform((2,), (3,))
    with pytest.raises(ValueError, match="Shape mismatch"):
        d.ReshapeTransform((2, 3), (6,))(tg.zeros(3, 2))
    with pytest.raises(ValueError, match="flattened lower-diagonal"):
        d.CorrCholeskyTransform()(tg.zeros(4))
    with pytest.raises(ValueError, match="Too few dimensions"):
        d.StickBreakingTransform().forward_shape(())
