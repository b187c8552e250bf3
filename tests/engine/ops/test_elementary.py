"""Elementary functions at the ends of their domains, as torch has them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch

INF, NAN = np.inf, np.nan


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("sqrt", [0.0, 4.0, -1.0, INF]),
        ("rsqrt", [0.0, 4.0, -1.0, INF]),
        ("log", [0.0, 1.0, -1.0, INF]),
        ("log2", [0.0, 8.0]),
        ("log10", [0.0, 100.0]),
        ("log1p", [-1.0, 0.0, 1e-20]),
        ("exp", [0.0, -INF, 800.0]),
        ("expm1", [0.0, 1e-20, -INF]),
        ("exp2", [0.0, -INF, 3.0]),
        ("asin", [0.0, 1.0, -1.0, 2.0]),
        ("acos", [0.0, 1.0, -1.0, 2.0]),
        ("acosh", [1.0, 2.0, 0.5]),
        ("atanh", [0.0, 1.0, -1.0]),
        ("atan", [0.0, INF]),
        ("tanh", [0.0, 50.0, -INF]),
        ("sigmoid", [0.0, 800.0, -800.0, NAN]),
        ("tan", [0.0, 1.0]),
    ],
)
def test_ends_of_domains(name: str, points: list[float]) -> None:
    import torch

    assert_as_torch(name, getattr(torch, name), np.array(points), rtol=1e-7)


@pytest.mark.torch
@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "expm1",
        "exp2",
        "log",
        "log1p",
        "log2",
        "log10",
        "sqrt",
        "rsqrt",
        "sigmoid",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
    ],
)
def test_complex_branches(name: str) -> None:
    import torch

    points = np.array([0.3 + 0.4j, -0.7 + 0.2j, 1.5 - 0.5j, -2.0 - 1.0j])
    assert_as_torch(name, getattr(torch, name), points, orders=2, rtol=1e-7)
