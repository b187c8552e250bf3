"""Rounding beside torch, halves and signed zeros included."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
def test_rounding(name: str) -> None:
    import torch

    assert_as_torch(name, getattr(torch, name), np.array([0.5, 1.5, 2.5, -0.5, -1.2, 1e20, np.nan, np.inf]))
    assert_as_torch(name, getattr(torch, name), np.array([1, -2]))
