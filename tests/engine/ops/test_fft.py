"""Fourier transforms beside torch, not normalized either way."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("axes", [(1,), (0, 2)])
@pytest.mark.parametrize("dtype", ["<c8", "<c16"])
def test_fft(axes: tuple[int, ...], inverse: bool, dtype: str, rng: np.random.Generator) -> None:
    import torch

    x = (rng.standard_normal((2, 5, 3)) + 1j * rng.standard_normal((2, 5, 3))).astype(dtype)

    def theirs(t: torch.Tensor) -> torch.Tensor:
        if inverse:
            return torch.fft.ifftn(t, dim=axes, norm="forward")
        return torch.fft.fftn(t, dim=axes)

    assert_as_torch(
        "fft", theirs, x, axes=axes, inverse=inverse, orders=2, rtol=1e-4 if dtype == "<c8" else 1e-9
    )
