"""Singular vectors of wide matrices: a decomposition whatever the matrix, and PyTorch's basis of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.kernels.bidiagonal import svd_of_wide, takes_another_way
from telegrad_engine.kernels.linalg import svd


def _rank_one(rng: np.random.Generator) -> np.ndarray:
    return np.outer(rng.standard_normal(3), rng.standard_normal(6))


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<c8", "<c16"])
@pytest.mark.parametrize("shape", [(3, 5), (2, 4, 9), (1, 3), (2, 7), (0, 3, 6)])
def test_the_factors_give_the_matrix_back(
    shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    x = rng.standard_normal(shape)
    x = (x + 1j * rng.standard_normal(shape) if "c" in dtype else x).astype(dtype)
    _check(x)


def test_matrices_without_full_rank(rng: np.random.Generator) -> None:
    _check(np.zeros((3, 6)))
    _check(_rank_one(rng))
    _check(np.eye(3, 7))


def _check(x: np.ndarray) -> None:
    m, n = x.shape[-2:]
    u, s, vh = svd_of_wide(x)
    exact = 1e-4 if x.real.dtype.itemsize == 4 else 1e-12
    assert (u.dtype, s.dtype, vh.dtype) == (x.dtype, x.real.dtype, x.dtype)
    np.testing.assert_allclose((u * s[..., None, :]) @ vh[..., :m, :], x, atol=exact)
    for q, k in ((u, m), (vh, n)):
        np.testing.assert_allclose(
            q @ q.conj().swapaxes(-1, -2), np.broadcast_to(np.eye(k), (*x.shape[:-2], k, k)), atol=exact
        )
    np.testing.assert_allclose(s, np.linalg.svd(x, compute_uv=False), atol=exact)
    assert (np.diff(s, axis=-1) <= exact).all()


@pytest.mark.parametrize("shape", [(3, 4), (3, 5), (4, 12), (2, 6), (5, 3), (6, 10), (6, 11), (2, 3, 8)])
def test_the_null_space_has_torchs_basis(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    if not torch.backends.mkl.is_available():
        pytest.skip("PyTorch was built with another LAPACK")
    x = rng.standard_normal(shape)
    for mine, theirs in zip(svd(np, x, full=True), torch.linalg.svd(torch.tensor(x)), strict=True):
        np.testing.assert_allclose(np.abs(mine), theirs.abs().numpy(), atol=1e-9)


def test_only_much_wider_ones_take_another_way() -> None:
    assert [takes_another_way(6, n) for n in (5, 6, 10, 11, 40)] == [False, False, False, True, True]
    assert not takes_another_way(2, 9)
