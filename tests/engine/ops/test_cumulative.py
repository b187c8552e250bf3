"""Running reductions with zeros, ties and infinities."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.ops import emit as g
from tests.engine.ops.beside_torch import assert_as_torch
from tests.engine.ops.graphs import Build, differentiated, numbers


@pytest.mark.torch
@pytest.mark.parametrize("row", [[2.0, 3.0, 4.0, 5.0], [2.0, 0.0, 4.0, 5.0], [0.0, 3.0, 0.0, 5.0]])
def test_running_products_with_zeros_to_second_order(row: list[float]) -> None:
    import torch

    x = np.array(row)
    assert_as_torch("cumprod", lambda t: torch.cumprod(t, 0), x, axis=0, orders=2)
    assert_as_torch("cumprod", lambda t: torch.cumprod(t, 0), x * (1 - 1j), axis=0, orders=2)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes_send_the_gradient_to_the_last(name: str) -> None:
    import torch

    x = np.array([1.0, 3.0, 3.0, 0.0, 0.0, 5.0, np.nan, 1.0])
    assert_as_torch(name, lambda t: getattr(torch, name)(t, 0), x, axis=0)


@pytest.mark.torch
def test_running_logarithms_of_sums() -> None:
    import torch

    x = np.array([[1.0, -2.0, 700.0, 3.0], [-800.0, 5.0, 5.0, 0.0]])
    assert_as_torch("logcumsumexp", lambda t: torch.logcumsumexp(t, 1), x, axis=1)
    small = np.array([1.0, -2.0, 0.5, 3.0])
    assert_as_torch("logcumsumexp", lambda t: torch.logcumsumexp(t, 0), small, axis=0, orders=2)


def test_running_logarithms_after_nothing_have_finite_gradients() -> None:
    """Where PyTorch has NaN: the logarithm of a sum of nothing, minus itself."""
    x = np.array([-np.inf, -np.inf, 1.0, -np.inf])
    build: Build = lambda x: (g.logcumsumexp(x, axis=0),)  # noqa: E731
    (found,) = numbers(differentiated(build, 1), [x, np.ones(4)])
    assert np.isfinite(found).all()
    assert found[2:].tolist() == [2.0, 0.0]
