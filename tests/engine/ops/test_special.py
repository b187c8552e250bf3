"""Special functions and their derivatives beside torch's."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.ops import emit as g
from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("erf", [0.0, 1.0, -6.0]),
        ("erfc", [0.0, 1.0, 6.0]),
        ("erfinv", [0.0, 0.5, -0.9, 1.0]),
        ("erfcx", [0.0, 1.0, -2.0, 20.0]),
        ("ndtri", [0.5, 0.01, 0.999]),
        ("log_ndtr", [0.0, -10.0, 3.0]),
        ("i0", [0.0, 1.0, -3.0]),
        ("i0e", [0.0, 1.0, -3.0]),
        ("i1", [0.0, 1.0, -3.0]),
        ("i1e", [0.0, 1.0, -3.0]),
        ("digamma", [0.5, 3.0, -0.5]),
    ],
)
def test_special_functions(name: str, points: list[float]) -> None:
    import torch

    assert_as_torch(name, getattr(torch.special, name), np.array(points), rtol=1e-7)


@pytest.mark.torch
def test_gamma_and_its_family() -> None:
    import torch

    x = np.array([0.5, 3.0, 7.5])
    assert_as_torch("lgamma", torch.lgamma, x, orders=2, rtol=1e-7)
    for n in (1, 2, 4):
        assert_as_torch("polygamma", lambda t, n=n: torch.polygamma(n, t), x, n=n, rtol=1e-7)
    # torch has no derivative by the first argument of these; ours are held against differences like all.
    a, t = x.copy(), x[::-1].copy()
    for name in ("igamma", "igammac"):
        function = getattr(torch, name)
        assert_as_torch(
            lambda v, name=name: [getattr(g, name)(2.5, v)],
            lambda v, function=function: function(torch.full_like(v, 2.5), v),
            t,
            rtol=1e-7,
        )
    assert_as_torch("zeta", lambda a, t: torch.special.zeta(a.detach(), t), 1 + a, t, rtol=1e-7)
