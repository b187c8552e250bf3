"""Matrix decompositions and equations, at sizes and matrices where libraries differ."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from telegrad_engine.kernels import linalg
from telegrad_proto.errors import LinAlgError


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (5, 3), (2, 3, 5), (0, 3), (3, 0), (2, 0, 0)])
def test_lu_gives_the_permuted_matrix_back(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.standard_normal(shape)
    factors, perm = linalg.lu(np, x)
    m, n = shape[-2:]
    k = min(m, n)
    lower = np.tril(factors[..., :k], -1) + np.eye(m, k)
    upper = np.triu(factors[..., :k, :])
    np.testing.assert_allclose(lower @ upper, np.take_along_axis(x, perm[..., None], -2), atol=1e-12)
    assert perm.dtype == np.int64


def test_lu_of_a_singular_matrix_is_no_error() -> None:
    factors, perm = linalg.lu(np, np.array([[0.0, 1.0], [0.0, 2.0]]))
    assert factors.tolist() == [[0, 1], [0, 2]]
    assert perm.tolist() == [0, 1]


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<c8", "<c16"])
def test_triangular_solve(upper: bool, unit: bool, dtype: str, rng: np.random.Generator) -> None:
    a = (rng.standard_normal((2, 1, 4, 4)) + 4 * np.eye(4)).astype(dtype)
    b = rng.standard_normal((3, 4, 2)).astype(dtype)
    x = linalg.triangular_solve(np, a, b, upper=upper, unit=unit)
    triangle = np.triu(a) if upper else np.tril(a)
    if unit:
        triangle = triangle - triangle * np.eye(4) + np.eye(4)
    np.testing.assert_allclose(
        triangle @ x, np.broadcast_to(b, x.shape), atol=1e-3 if x.itemsize < 16 else 1e-5
    )
    assert x.dtype.str == dtype


def test_a_singular_triangle_gives_infinity() -> None:
    x = linalg.triangular_solve(np, np.zeros((1, 1)), np.ones((1, 1)), upper=True, unit=False)
    assert np.isinf(x).all()


def test_failures_are_typed() -> None:
    with pytest.raises(LinAlgError, match="not positive-definite"):
        linalg.cholesky(np, -np.eye(2))
    with pytest.raises(LinAlgError, match="input matrix is singular"):
        linalg.solve(np, np.zeros((2, 2)), np.ones((2, 1)))
    with pytest.raises(LinAlgError):
        linalg.svd(np, np.full((2, 2), np.nan), full=False)
    with pytest.raises(LinAlgError):
        linalg.eig(np, np.full((2, 2), np.nan))


def test_eigenvalues_are_complex_even_where_they_are_real() -> None:
    w, v = linalg.eig(np, np.diag([1.0, 2.0]).astype("<f4"))
    assert w.dtype.str == v.dtype.str == "<c8"


@pytest.mark.parametrize("scale", [1e-9, 0.1, 1.0, 30.0])
def test_matrix_exp(scale: float, rng: np.random.Generator) -> None:
    x = scale * rng.standard_normal((3, 4, 4)) / 4
    x[1] *= 1e-3
    np.testing.assert_allclose(linalg.matrix_exp(np, x), scipy.linalg.expm(x), rtol=1e-9, atol=1e-9)
    assert linalg.matrix_exp(np, x.astype("<f4")).dtype.str == "<f4"
    assert linalg.matrix_exp(np, x.astype("<c8")).dtype.str == "<c8"


def test_solve_of_nothing() -> None:
    assert linalg.solve(np, np.zeros((2, 0, 0)), np.zeros((0, 3))).shape == (2, 0, 3)
    assert linalg.qr(np, np.zeros((0, 3)), complete=False)[1].shape == (0, 3)


def test_the_order_of_the_first_bad_minor() -> None:
    x = np.stack([np.eye(3), np.diag([1.0, 1.0, -1.0]), np.diag([1.0, 0.0, 1.0]), -np.eye(3)])
    for dtype in (np.float32, np.float64, np.complex128):
        found = linalg.cholesky_order(np, x.astype(dtype))
        assert found.dtype == dtype
        assert found.tolist() == [0, 3, 2, 1]
    assert linalg.cholesky_order(np, np.eye(2)).shape == ()
    assert linalg.cholesky_order(np, np.ones((2, 0, 0))).tolist() == [0, 0]
