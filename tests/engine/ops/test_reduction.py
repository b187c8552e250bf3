"""Reductions where the derivative is chosen: ties, and products with zeros."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_ties_share_evenly(name: str, axes: tuple[int, ...]) -> None:
    import torch

    x = np.array([[1.0, 3.0, 3.0], [3.0, 1.0, np.nan], [1.0, 1.0, 1.0]])[: 1 if axes == (0, 1) else 3]
    assert_as_torch(
        name, lambda t: getattr(torch, name)(t, axes, keepdim=True), x, axes=axes, keepdims=True, orders=2
    )


@pytest.mark.torch
@pytest.mark.parametrize("row", [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
def test_products_with_zeros_to_second_order(row: list[float]) -> None:
    import torch

    x = np.array(row)
    assert_as_torch("prod", torch.prod, x, axes=(0,), keepdims=False, orders=2)
    table = np.stack([x, x[::-1], np.arange(1.0, 4.0)])
    assert_as_torch("prod", lambda t: t.prod(1), table, axes=(1,), keepdims=False, orders=2)
    assert_as_torch("prod", lambda t: t.prod(0).prod(), table, axes=(0, 1), keepdims=False)


@pytest.mark.torch
def test_sums_and_means_of_nothing() -> None:
    import torch

    assert_as_torch("sum", lambda t: t.sum(1), np.zeros((2, 0)), axes=(1,), keepdims=False)
    assert_as_torch("prod", lambda t: t.prod(1), np.zeros((2, 0)), axes=(1,), keepdims=False)
    assert_as_torch("sum", torch.sum, np.array([1 + 2j, 3j]), axes=(0,), keepdims=False, orders=2)
    assert_as_torch("prod", torch.prod, np.array([1 + 2j, 3j, 0]), axes=(0,), keepdims=False, orders=2)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions_are_the_first_and_nan_beats_all(name: str) -> None:
    import torch

    x = np.array([[1.0, 3.0, 3.0, 1.0], [np.nan, 3.0, np.nan, 0.0]])
    assert_as_torch(name, lambda t: getattr(torch, name)(t, 1), x, axis=1, keepdims=False, orders=0)
