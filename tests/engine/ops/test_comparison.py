"""Comparisons and logic beside torch, NaN included."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize(
    "name", ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]
)
def test_comparisons(name: str) -> None:
    import torch

    a, b = np.meshgrid([0.0, -0.0, 1.0, np.nan, np.inf], [0.0, 1.0, np.nan, -np.inf])
    assert_as_torch(name, lambda x, y: getattr(torch, name)(x.detach(), y.detach()), a, b, orders=0)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "logical_not"])
def test_questions(name: str) -> None:
    import torch

    for x in (
        np.array([0.0, 1.0, np.nan, -np.inf]),
        np.array([0, 1, -2]),
        np.array([0j, complex(0, np.nan)]),
    ):
        assert_as_torch(name, lambda t: getattr(torch, name)(t.detach()), x, orders=0)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor"])
def test_bits(name: str) -> None:
    import torch

    a, b = np.meshgrid([0, 1, -1, 6], [0, 3, -4])
    assert_as_torch(name, getattr(torch, name), a, b)
    assert_as_torch(name, getattr(torch, name), a.astype(bool), b.astype(bool))
    assert_as_torch("bitwise_not", torch.bitwise_not, a)
    assert_as_torch("bitwise_not", torch.bitwise_not, a.astype(bool))
