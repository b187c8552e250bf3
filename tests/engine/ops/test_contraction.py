"""Matrix products beside torch."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (3, 4)), ((5, 1, 2, 3), (4, 3, 1)), ((2, 0), (0, 3)), ((0, 2, 3), (3, 2))]
)
@pytest.mark.parametrize("kind", ["f", "c"])
def test_matmul(a: tuple[int, ...], b: tuple[int, ...], kind: str, rng: np.random.Generator) -> None:
    import torch

    x: np.ndarray = rng.standard_normal(a)
    y: np.ndarray = rng.standard_normal(b)
    if kind == "c":
        x, y = x + 1j * rng.standard_normal(a), y - 2j
    assert_as_torch("matmul", torch.matmul, x, y, orders=2)


@pytest.mark.torch
def test_integers_wrap_as_in_torch() -> None:
    import torch

    x = np.array([[100, 100], [1, 2]], "|i1")
    assert_as_torch("matmul", torch.matmul, x, x)
