"""Keeping gradients small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg

nn = tg.nn


def parameters(module: Any) -> list[Any]:
    """Three parameters, two with gradients: of norm 13 together."""
    made = [module.nn.Parameter(module.zeros(2)) for _ in range(3)]
    made[0].grad = module.tensor([3.0, -4.0])
    made[2].grad = module.tensor([0.0, 12.0])
    return made


def gradients(made: list[Any]) -> list[Any]:
    return [None if p.grad is None else p.grad.tolist() for p in made]


def test_gradients_are_scaled_together() -> None:
    made = parameters(tg)
    assert nn.utils.clip_grad_norm_(made, 6.5).item() == 13.0
    np.testing.assert_allclose(gradients(made)[0], [1.5, -2.0], rtol=1e-6)
    assert gradients(made)[1] is None
    made = parameters(tg)
    nn.utils.clip_grad_norm_(made, 100.0)
    assert gradients(made)[0] == [3.0, -4.0]


def test_elements_are_bounded() -> None:
    made = parameters(tg)
    nn.utils.clip_grad_value_(made, 3.5)
    assert gradients(made) == [[3.0, -3.5], None, [0.0, 3.5]]
    nn.utils.clip_grad_value_(made[0], 1)
    assert gradients(made)[0] == [1.0, -1.0]


@pytest.mark.torch
@pytest.mark.parametrize("order", [1, 2, 3.5, float("inf")])
def test_norms_are_those_of_torch(order: float) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        made = parameters(module)
        norm = module.nn.utils.clip_grad_norm_(made, 2.0, norm_type=order)
        found.append([norm.item(), *made[0].grad.tolist(), *made[2].grad.tolist()])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_norms_that_are_not_finite_may_raise() -> None:
    made = parameters(tg)
    made[0].grad = tg.tensor([float("nan"), 0.0])
    with pytest.raises(RuntimeError, match="for gradients from `parameters` is non-finite"):
        nn.utils.clip_grad_norm_(made, 1.0, error_if_nonfinite=True)
    assert nn.utils.get_total_norm([]).item() == 0.0
    assert nn.utils.get_total_norm(tg.tensor([3.0, 4.0])).item() == 5.0


def test_clipping_looks_at_nothing(messages: Callable[[], int]) -> None:
    made = parameters(tg)
    messages()
    nn.utils.clip_grad_norm_(made, 1.0)
    nn.utils.clip_grad_value_(made, 1.0)
    assert messages() == 0


def test_warnings() -> None:
    with pytest.warns(UserWarning, match="is an empty generator"):
        nn.utils.clip_grad_norm_(iter(()), 1.0)
    with pytest.warns(FutureWarning, match="deprecated in favor"):
        nn.utils.clip_grad_norm(parameters(tg), 1.0)
