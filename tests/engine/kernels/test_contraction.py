"""Matrix products."""

from __future__ import annotations

import numpy as np

from telegrad_engine.kernels.contraction import matmul


def test_half_precision_multiplies_in_single() -> None:
    a, b = np.full((1, 5000), 1, "<f2"), np.full((5000, 1), 1, "<f2")
    out = matmul(np, a, b)
    assert out.item() == 5000
    assert out.dtype.str == "<f2"


def test_integers_and_nothing() -> None:
    a = np.arange(6).reshape(2, 3)
    assert matmul(np, a, a.T).tolist() == [[5, 14], [14, 50]]
    assert matmul(np, np.zeros((2, 0)), np.zeros((0, 3))).tolist() == [[0, 0, 0]] * 2
