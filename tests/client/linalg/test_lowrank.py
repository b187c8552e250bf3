"""Matrices of low rank come back from few vectors."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg


@pytest.mark.parametrize("shape", [(8, 10), (10, 8), (2, 6, 9)])
def test_singular_values(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.normal(size=(*shape[:-1], 3)) @ rng.normal(size=(3, shape[-1]))
    U, S, V = tg.svd_lowrank(tg.tensor(x), 4)
    assert (U.shape, V.shape) == ((*shape[:-1], 4), (*shape[:-2], shape[-1], 4))
    np.testing.assert_allclose((U * S.unsqueeze(-2) @ V.mH).numpy(), x, atol=1e-10)
    np.testing.assert_allclose(S.numpy()[..., :3], np.linalg.svd(x, compute_uv=False)[..., :3], rtol=1e-9)


def test_what_is_subtracted(rng: np.random.Generator) -> None:
    x, mean = rng.normal(size=(3, 6)), rng.normal(size=(1, 6))
    found = tg.svd_lowrank(tg.tensor(x + mean), 3, M=tg.tensor(mean))[1]
    np.testing.assert_allclose(found.numpy(), np.linalg.svd(x, compute_uv=False), rtol=1e-9)


def test_principal_components(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 4)) @ np.diag([5.0, 2.0, 1.0, 0.1]) + 7
    found = tg.pca_lowrank(tg.tensor(x))
    np.testing.assert_allclose(found[1].numpy(), np.linalg.svd(x - x.mean(0), compute_uv=False), rtol=1e-6)
    with pytest.raises(RuntimeError, match=r"q\(=5\) must be non-negative"):
        tg.pca_lowrank(tg.tensor(x), 5)
    with pytest.raises(RuntimeError, match=r"niter\(=-1\)"):
        tg.pca_lowrank(tg.tensor(x), 2, niter=-1)
