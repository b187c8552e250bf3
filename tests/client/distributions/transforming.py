"""What is checked of transforms: inverse, Jacobian, shapes, beside torch and by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg

Make = Callable[[Any], Any]


def assert_as_torch(make: Make, x: Any) -> None:
    """Passes where value, inverse, Jacobian, gradients and shapes are torch's."""
    torch = pytest.importorskip("torch")
    made = []
    for module in (tg, torch):
        t, at = make(module), module.tensor(np.array(x, float), requires_grad=True)
        y = t(at)
        row = [y, t.inv(y)]
        shapes: Any = [tuple(t.forward_shape(at.shape)), tuple(t.inverse_shape(y.shape))]
        try:
            row.append(t.log_abs_det_jacobian(at, y))
            shapes.append(t.sign)
        except NotImplementedError:
            pass
        weights = [module.tensor(np.cos(np.arange(r.numel())).reshape(tuple(r.shape))) for r in row]
        total = sum((r * w).sum() for r, w in zip(row, weights, strict=True))
        (grad,) = module.autograd.grad(total, at)
        made.append(([r.detach().numpy() for r in (*row, grad)], shapes, t.bijective))
    for a, b in zip(made[0][0], made[1][0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-11)  # torch has constants in single
    assert made[0][1] == made[1][1]
    assert made[0][2] == made[1][2]


def assert_right(make: Make, x: Any) -> None:
    """Passes where the inverse leads back, and the Jacobian, of as many numbers, is that of autograd."""
    t, at = make(tg), tg.tensor(np.array(x, float))
    y = t(at)
    np.testing.assert_allclose(t.inv(y).numpy(), at.numpy(), rtol=1e-7, atol=1e-9)
    if at.ndim != 1 or y.shape != at.shape or not t.bijective:
        return
    jacobian = tg.func.jacrev(t)(at)
    found = t.log_abs_det_jacobian(at, y)
    wanted = tg.linalg.slogdet(jacobian)[1]
    assert found.sum().item() == pytest.approx(wanted.item(), rel=1e-9)
