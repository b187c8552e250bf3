"""Factors of scale matrices, and the forms in which a distribution has its own."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.distributions.scale_matrix import (
    MatrixScaled,
    distance_squared,
    half_log_det,
    identity_like,
    only_matrix,
    scale_of_precision,
)

SCALE = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 3.0]])
FACTOR = np.linalg.cholesky(SCALE)


def test_factors() -> None:
    assert identity_like(tg.ones(4, 3, 3)).tolist() == np.eye(3).tolist()
    found = scale_of_precision(tg.tensor(np.linalg.inv(SCALE)))
    np.testing.assert_allclose(found.numpy(), FACTOR, atol=1e-12)
    logarithm = np.linalg.slogdet(SCALE)[1]
    assert half_log_det(tg.tensor(FACTOR)).item() == pytest.approx(logarithm / 2, rel=1e-12)


def test_distances_broadcast() -> None:
    away = np.arange(12.0).reshape(2, 2, 3) - 4
    found = distance_squared(tg.tensor(np.stack([FACTOR, 2 * FACTOR])), tg.tensor(away))
    wanted = np.einsum("...i,ij,...j->...", away, np.linalg.inv(SCALE), away) / [1, 4]
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)


def test_one_matrix_is_given() -> None:
    eye = tg.eye(2)
    assert only_matrix({"scale_tril": None, "precision_matrix": eye}, ValueError) == ("precision_matrix", eye)
    for given in ({"scale_tril": None}, {"scale_tril": eye, "precision_matrix": eye}):
        with pytest.raises(KeyError, match="Exactly one of"):
            only_matrix(given, KeyError)


@pytest.mark.parametrize("name", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_each_form_gives_the_others(name: str) -> None:
    forms = {"covariance_matrix": SCALE, "precision_matrix": np.linalg.inv(SCALE), "scale_tril": FACTOR}
    matrix = tg.tensor(forms[name])
    laws: list[MatrixScaled] = [
        tg.distributions.MultivariateNormal(tg.zeros(2, 3, dtype=tg.float64), **{name: matrix}),
        tg.distributions.Wishart(tg.tensor([4.0, 5.0], dtype=tg.float64), **{name: matrix}),
    ]
    for law in laws:
        for form, wanted in forms.items():
            found = getattr(law, form)
            assert found.shape == (2, 3, 3)
            np.testing.assert_allclose(found[1].numpy(), wanted, atol=1e-12)
