"""Weights as lengths and directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn


def made(module: Any, dim: int | None = 0) -> Any:
    """A linear layer of a `nn` namespace whose weight is taken apart."""
    with pytest.warns(FutureWarning, match="weight_norm"):
        return module.utils.weight_norm(module.Linear(3, 2), dim=dim)


@pytest.mark.torch
@pytest.mark.parametrize("dim", [0, 1, None])
def test_layers_are_those_of_torch(dim: int | None) -> None:
    agree(lambda module: made(module, dim), numbers(4, 3))


def test_the_whole_stays_what_it_was() -> None:
    layer = nn.Linear(3, 2)
    weight = layer.weight.detach().numpy()
    with pytest.warns(FutureWarning, match="weight_norm"):
        nn.utils.weight_norm(layer)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight_g", "weight_v"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight, rtol=1e-6)
    with tg.no_grad():
        layer.weight_g.mul_(2)
    x = tg.eye(3)
    expected = (2 * weight).T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert nn.utils.remove_weight_norm(layer) is layer
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight"]
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_a_weight_is_taken_apart_once() -> None:
    layer = made(nn)
    with (
        pytest.warns(FutureWarning, match="weight_norm"),
        pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks"),
    ):
        nn.utils.weight_norm(layer)
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
        nn.utils.remove_weight_norm(nn.Linear(1, 1))
