"""Orthogonal polynomials, by hand and beside torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg

KINDS = [f"{shift}chebyshev_polynomial_{kind}" for shift in ("", "shifted_") for kind in "tuvw"] + [
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
]
X = np.array([0.5, -1.5, 3.0, 0.0, 30.0, -0.25, 1.0, -1.0])


@pytest.mark.parametrize(
    ("name", "third"),
    [
        ("chebyshev_polynomial_t", lambda x: 4 * x**3 - 3 * x),
        ("chebyshev_polynomial_u", lambda x: 8 * x**3 - 4 * x),
        ("chebyshev_polynomial_v", lambda x: 8 * x**3 - 4 * x**2 - 4 * x + 1),
        ("chebyshev_polynomial_w", lambda x: 8 * x**3 + 4 * x**2 - 4 * x - 1),
        ("shifted_chebyshev_polynomial_t", lambda x: 4 * (2 * x - 1) ** 3 - 3 * (2 * x - 1)),
        ("hermite_polynomial_h", lambda x: 8 * x**3 - 12 * x),
        ("hermite_polynomial_he", lambda x: x**3 - 3 * x),
        ("laguerre_polynomial_l", lambda x: (-(x**3) + 9 * x**2 - 18 * x + 6) / 6),
        ("legendre_polynomial_p", lambda x: (5 * x**3 - 3 * x) / 2),
    ],
)
def test_the_third_degree(name: str, third: Any) -> None:
    found = getattr(tg.special, name)(tg.tensor(X), 3)
    np.testing.assert_allclose(found.numpy(), third(X), rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_degrees(name: str) -> None:
    function = getattr(tg.special, name)
    x = tg.tensor(X, requires_grad=True)
    assert not function(x, 2).requires_grad
    assert function(x, -2).tolist() == [0.0] * 8
    assert function(x, tg.tensor(0)).tolist() == [1.0] * 8
    each = function(x, tg.tensor([[2.7], [5.0]], dtype=tg.float64))
    assert each.tolist() == [function(x, 2).tolist(), function(x, 5).tolist()]
    assert function(2, tg.tensor([0, 1])).dtype is tg.float32
    assert function(x, tg.ones(0, 8)).shape == (0, 8)
    with pytest.raises(NotImplementedError, match=f"\"{name}_cpu\" not implemented for 'Half'"):
        function(tg.ones(2).half(), 2)


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_they_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    theirs, mine = getattr(torch.special, name), getattr(tg.special, name)
    for n in (-1, 0, 1, 2, 3, 7, 8, 20):
        expected = theirs(torch.tensor(X), n).numpy()
        np.testing.assert_allclose(mine(tg.tensor(X), n).numpy(), expected, rtol=1e-8, atol=1e-12)
    degrees = np.array([[2.7], [0.0], [-1.0], [9.0]])
    expected = theirs(torch.tensor(X), torch.tensor(degrees)).numpy()
    np.testing.assert_allclose(
        mine(tg.tensor(X), tg.tensor(degrees)).numpy(), expected, rtol=1e-8, atol=1e-12
    )
