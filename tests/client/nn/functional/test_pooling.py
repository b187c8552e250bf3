"""Means and largest elements of windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
X = np.random.default_rng(13).standard_normal((6, 8))


def test_values_are_scipys() -> None:
    x = tg.tensor(X[None])
    close(F.max_pool2d(x, 3, 1, 1)[0], ndimage.maximum_filter(X, 3, mode="constant", cval=-np.inf))
    close(F.avg_pool2d(x, 3, 1, 1)[0], ndimage.uniform_filter(X, 3, mode="constant"))
    close(F.avg_pool2d(x, (2, 4))[0], X.reshape(3, 2, 2, 4).mean((1, 3)))
    close(F.lp_pool1d(tg.tensor(np.abs(X)), 2, 2), np.sqrt((X**2).reshape(6, 4, 2).sum(2)))


def test_places_lead_back_to_the_elements() -> None:
    values, places = F.max_pool2d(tg.tensor(X[None, None]), 3, 2, 1, return_indices=True)
    assert places.dtype is tg.int64
    close(values, X.reshape(-1)[places.numpy()])


def test_of_equal_elements_the_first_takes_the_gradient() -> None:
    x = tg.zeros(1, 1, 4, requires_grad=True)
    F.max_pool1d(x, 2).sum().backward()
    close(x.grad, [[[1.0, 0.0, 1.0, 0.0]]])


def test_integers_have_largest_elements_too() -> None:
    close(F.max_pool1d(tg.tensor([[-3, -5, -1]]), 2, 1, 1), [[-3, -3, -1, -1]])
    least = -(1 << 63)
    assert F.max_pool1d(tg.tensor([[least, least, 5]]), 2, 2, 1).tolist() == [[least, 5]]


def test_the_padding_is_never_what_is_taken() -> None:
    lowest = -np.inf
    x = tg.full((1, 1, 3, 3), lowest)
    x[0, 0, 0, 0] = 1.0
    x.requires_grad_()
    values, places = F.max_pool2d(x, 2, 1, 1, return_indices=True)
    assert places[0, 0].tolist() == [[0, 0, 1, 2], [0, 0, 1, 2], [3, 3, 4, 5], [6, 6, 7, 8]]
    close(values.detach()[0, 0, :2], [[1.0, 1.0, lowest, lowest]] * 2)
    values.sum().backward()
    close(x.grad[0, 0], [[4.0, 2.0, 2.0], [2.0, 1.0, 1.0], [2.0, 1.0, 1.0]])
    row = tg.tensor([[lowest, lowest, 3.0, lowest]])
    for dilation, places_found in ((1, [[0, 2]]), (2, [[1]])):
        found = F.max_pool1d(row, 3, 2, 1, dilation, return_indices=True)[1]
        assert found.tolist() == places_found


TORCH: dict[str, Case] = {
    "avg 1": lambda t: t.F.avg_pool1d(t.leaf(2, 3, 7), 3, 2, 1),
    "avg 2": lambda t: t.F.avg_pool2d(t.leaf(2, 3, 7, 5), (3, 2), 2, (1, 0), ceil_mode=True),
    "avg 2 without padding": lambda t: t.F.avg_pool2d(t.leaf(3, 5, 5), 3, 2, 1, count_include_pad=False),
    "avg 2 own divisor": lambda t: t.F.avg_pool2d(t.leaf(1, 1, 4, 4), 2, divisor_override=3),
    "avg 3": lambda t: t.F.avg_pool3d(t.leaf(1, 2, 4, 4, 4), 2, 1),
    "max 1": lambda t: t.F.max_pool1d(t.leaf(2, 3, 7), 3, 2, 1, 2),
    "max 2": lambda t: t.F.max_pool2d(t.leaf(2, 3, 7, 5), 3, 2, 1, ceil_mode=True, return_indices=True),
    "max 2 dilated": lambda t: t.F.max_pool2d(t.leaf(3, 9, 9), 3, 1, 1, dilation=(2, 3)),
    "max 3": lambda t: t.F.max_pool3d(t.leaf(1, 2, 4, 5, 6), 2),
    "lp 2": lambda t: t.F.lp_pool2d(t.positive(1, 2, 4, 4), 3.0, 2),
    "torch.max_pool1d": lambda t: t.m.max_pool1d(t.leaf(2, 3, 7), 2),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "padding": lambda t: t.F.max_pool2d(t.leaf(1, 3, 3), 2, padding=2),
    "too small": lambda t: t.F.max_pool2d(t.leaf(1, 2, 3, 3), 4),
    "divisor": lambda t: t.F.avg_pool2d(t.leaf(1, 3, 3), 2, divisor_override=0),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


@pytest.mark.parametrize("dtype", [tg.int64, tg.bool])
def test_norms_of_integers_are_floating_point(dtype: tg.DType) -> None:
    found = F.lp_pool1d(tg.ones(1, 4, dtype=dtype), 2.0, 2)
    assert found.dtype is tg.float32
    np.testing.assert_allclose(found.numpy(), np.full((1, 2), np.sqrt(2)), rtol=1e-6)
    with pytest.raises(RuntimeError, match="negative integer powers"):
        F.lp_pool1d(tg.ones(1, 4, dtype=dtype), -2, 2)
