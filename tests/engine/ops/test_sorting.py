"""Sorting beside torch."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_sort(axis: int, descending: bool) -> None:
    import torch

    x = np.array([[3.0, 1.0, 3.0], [2.0, np.nan, 3.0]])
    assert_as_torch(
        "sort",
        lambda t: torch.sort(t, dim=axis, descending=descending, stable=True),
        x,
        axis=axis,
        descending=descending,
        stable=True,
        orders=2,
    )


@pytest.mark.torch
@pytest.mark.parametrize("right", [False, True])
def test_searchsorted(right: bool) -> None:
    import torch

    rows, values = np.array([[1.0, 3.0, 3.0], [0.0, 5.0, 9.0]]), np.array([[3.0, 0.0], [5.0, np.nan]])
    assert_as_torch(
        "searchsorted",
        lambda a, b: torch.searchsorted(a.detach(), b.detach(), right=right),
        rows,
        values,
        right=right,
        orders=0,
    )
