"""Pools that are told the size of their result, and the inverse of a max pool."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
X = np.random.default_rng(15).standard_normal((2, 3, 5))


def test_windows_are_as_even_as_can_be() -> None:
    parts = [X[..., 0:2], X[..., 1:4], X[..., 3:5]]
    close(F.adaptive_avg_pool1d(tg.tensor(X), 3), np.stack([part.mean(-1) for part in parts], -1))
    close(F.adaptive_max_pool1d(tg.tensor(X), 3), np.stack([part.max(-1) for part in parts], -1))


def test_what_a_pool_took_goes_back_to_its_place() -> None:
    values, places = F.max_pool1d(tg.tensor(X), 2, return_indices=True)
    found = F.max_unpool1d(values, places, 2, output_size=(5,)).numpy()
    hit = found != 0
    np.testing.assert_allclose(found[hit], X[hit])
    assert hit.sum() == values.numel()


def unpooled(t: Tensors) -> object:
    x = t.leaf(1, 2, 4, 6)
    values, places = t.F.max_pool2d(x, 2, return_indices=True)
    return t.F.max_unpool2d(values, places, 2)


TORCH: dict[str, Case] = {
    "avg 1": lambda t: t.F.adaptive_avg_pool1d(t.leaf(2, 3, 7), 3),
    "avg 1 same size": lambda t: t.F.adaptive_avg_pool1d(t.leaf(2, 3, 4), 4),
    "avg 2": lambda t: t.F.adaptive_avg_pool2d(t.leaf(2, 3, 7, 6), (3, 2)),
    "avg 2 one": lambda t: t.F.adaptive_avg_pool2d(t.leaf(2, 3, 4, 5), 1),
    "avg 2 keeps": lambda t: t.F.adaptive_avg_pool2d(t.leaf(3, 4, 5), (None, 2)),
    "avg 3": lambda t: t.F.adaptive_avg_pool3d(t.leaf(1, 2, 3, 4, 5), (2, 2, 7)),
    "max 1": lambda t: t.F.adaptive_max_pool1d(t.leaf(2, 3, 7), 3, return_indices=True),
    "max 2": lambda t: t.F.adaptive_max_pool2d(t.leaf(3, 5, 7), (3, 4)),
    "max 3": lambda t: t.F.adaptive_max_pool3d(t.leaf(1, 2, 3, 4, 5), 2),
    "unpool": unpooled,
    "unpool 1": lambda t: t.F.max_unpool1d(t.leaf(1, 1, 2), t.data([[[1, 2]]]), 2),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
def test_errors_are_torchs() -> None:
    places = np.zeros((1, 1, 2), np.int64)
    fail_alike(lambda t: t.F.max_unpool1d(t.leaf(1, 1, 2), t.data(places), 2, output_size=(9,)))
    fail_alike(lambda t: t.F.adaptive_avg_pool2d(t.leaf(1, 1, 2, 2), (1, 2, 3)), words=False)
