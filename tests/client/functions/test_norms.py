from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close


@pytest.mark.parametrize("order", [0, 0.5, 1, 2, 3, math.inf, -math.inf, -1])
def test_vector_norms_are_numpys(order: float) -> None:
    v = np.array([3.0, -4.0, 1.0])
    close(tg.norm(tg.tensor(v), order), np.linalg.norm(v, order))


def test_norms_along_dimensions() -> None:
    close(tg.norm(tg.tensor(X), dim=1, keepdim=True), np.linalg.norm(X, axis=1, keepdims=True))
    close(tg.tensor(X).norm(), np.linalg.norm(X))


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, math.inf])
def test_the_gradient_of_a_norm_of_zeros_is_zero(order: float) -> None:
    x = tg.zeros(3, requires_grad=True)
    tg.norm(x, order).backward()
    close(x.grad, [0.0, 0.0, 0.0])


@pytest.mark.parametrize("order", [0.5, 1.5, 2, 2.5, 3, -1])
def test_the_second_derivative_at_a_corner_is_torchs(order: float) -> None:
    torch = pytest.importorskip("torch")
    for values in ([0.0, 0.0], [0.0, 1.0], [1.0, 2.0]):
        found = []
        for module in (tg, torch):
            x = module.tensor(values, dtype=module.float64, requires_grad=True)
            (g,) = module.autograd.grad(module.linalg.vector_norm(x, order), x, create_graph=True)
            (h,) = module.autograd.grad((g * g).sum() + g.sum(), x)
            found.append([g.tolist(), h.tolist()])
        np.testing.assert_allclose(found[0], found[1], rtol=1e-10, atol=1e-12)


def test_distances() -> None:
    a, b = np.arange(6.0).reshape(3, 2), np.arange(4.0).reshape(2, 2) * 2
    expected = np.linalg.norm(a[:, None] - b[None], axis=-1)
    close(tg.cdist(tg.tensor(a), tg.tensor(b)), expected)
    close(tg.dist(tg.tensor(a), tg.tensor(a + 1), 1), 6.0)


def test_slices_are_scaled_down_to_a_norm() -> None:
    x = tg.tensor([[3.0, 4.0], [0.3, 0.4]])
    close(tg.renorm(x, 2, 0, 1.0), [[0.6, 0.8], [0.3, 0.4]])


TORCH: dict[str, Case] = {
    "norm": lambda m, x, i: x.norm(),
    "norm 1": lambda m, x, i: m.norm(x, 1, dim=1),
    "norm 3": lambda m, x, i: m.norm(x, 3),
    "norm inf": lambda m, x, i: m.norm(x, math.inf),
    "dist": lambda m, x, i: m.dist(x, x * 2),
    "cdist": lambda m, x, i: m.cdist(x, x + 1),
    "renorm": lambda m, x, i: m.renorm(x, 2, 0, 1.0),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


def test_the_nuclear_norm_is_of_matrices() -> None:
    with pytest.raises(RuntimeError, match="dim must be a 2-tuple"):
        tg.norm(tg.ones(2, 2, 2), "nuc")
