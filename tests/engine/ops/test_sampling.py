"""Draws that take trials, in a graph: their derivatives are those of the quantile."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value
from tests.engine.ops.graphs import Array, differentiated, forward, numbers

KEY = np.array([5, 6], "<u8")


def slope_of(name: str, parameters: Array, cts: Array) -> Array:
    """The parameters' gradient of a draw."""

    def build(key: Value, x: Value) -> list[Value]:
        return [getattr(g, name)(key, x)]

    (found,) = numbers(differentiated(build, 2), [KEY, parameters, cts])
    return found


def test_a_gamma_moves_as_its_quantile() -> None:
    a = np.array([0.3, 2.0, 30.0])
    (drawn,) = forward("random_gamma", [KEY, a], {})
    share = stats.gamma.cdf(drawn, a)
    step = 1e-4 * a
    wanted = (stats.gamma.ppf(share, a + step) - stats.gamma.ppf(share, a - step)) / (2 * step)
    np.testing.assert_allclose(slope_of("random_gamma", a, np.ones(3)), wanted, rtol=1e-6)


def test_shares_sum_to_one_wherever_they_move() -> None:
    alpha = np.array([[0.5, 2.0, 3.0], [1.0, 1.0, 1.0]])
    np.testing.assert_allclose(slope_of("random_dirichlet", alpha, np.ones((2, 3))), 0.0, atol=1e-14)


@pytest.mark.torch
def test_shares_move_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    alpha = np.array([[0.5, 2.0, 3.0], [1.0, 4.0, 1.0]])
    (drawn,) = forward("random_dirichlet", [KEY, alpha], {})
    ct = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])
    x, parameters = torch.tensor(drawn), torch.tensor(alpha)
    total = parameters.sum(-1, keepdim=True).expand_as(parameters)
    slope = torch._dirichlet_grad(x, parameters, total)
    pull = torch.tensor(ct) - (x * torch.tensor(ct)).sum(-1, keepdim=True)
    # torch's own is an approximation of about three digits.
    np.testing.assert_allclose(
        slope_of("random_dirichlet", alpha, ct), (slope * pull).numpy(), rtol=5e-3, atol=1e-3
    )
