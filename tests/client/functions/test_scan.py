from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike


def test_running_sums_and_products() -> None:
    x = tg.tensor(X)
    close(tg.cumsum(x, 1), np.cumsum(X, 1))
    close(tg.cumprod(x, 0), np.cumprod(X, 0))
    close(tg.logcumsumexp(x, 1), np.logaddexp.accumulate(X, 1))
    assert tg.cumsum(tg.tensor([True, True]), 0).dtype is tg.int64
    close(tg.cumsum(tg.tensor(3.0), 0), 3.0)


def test_running_extremes_tell_where_they_were() -> None:
    values, indices = tg.cummax(tg.tensor([1.0, 3.0, 2.0, 3.0]), 0)
    close(values, [1, 3, 3, 3])
    close(indices, [0, 1, 1, 3])
    close(tg.cummin(tg.tensor([2.0, 3.0, 1.0]), 0).values, [2, 2, 1])


def test_the_derivative_of_a_product_passes_zeros() -> None:
    x = tg.tensor([2.0, 0.0, 3.0], requires_grad=True)
    tg.cumprod(x, 0).sum().backward()
    close(x.grad, [1.0, 8.0, 0.0])


def test_a_running_logarithm_of_large_numbers_has_a_finite_second_derivative() -> None:
    x = tg.tensor([900.0, 901.0, -5.0], dtype=tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad([tg.logcumsumexp(x, 0).sum()], [x], create_graph=True)
    (second,) = tg.autograd.grad([(first * first).sum()], [x])
    assert np.isfinite(second.numpy()).all()


TORCH: dict[str, Case] = {
    "cumsum": lambda m, x, i: x.cumsum(1),
    "cumprod": lambda m, x, i: x.cumprod(1),
    "logcumsumexp": lambda m, x, i: x.logcumsumexp(0),
    "cummax": lambda m, x, i: x.cummax(1),
    "cummin": lambda m, x, i: m.cummin(x, 0),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
def test_it_fails_as_torch() -> None:
    fail_alike(lambda m, x, i: x.cumsum(2))
