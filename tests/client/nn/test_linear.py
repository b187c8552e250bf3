"""Affine layers."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, tuple[Make, tuple[tuple[int, ...], ...]]] = {
    "linear": (lambda nn: nn.Linear(3, 4), ((5, 3),)),
    "linear without bias": (lambda nn: nn.Linear(3, 4, bias=False), ((2, 5, 3),)),
    "bilinear": (lambda nn: nn.Bilinear(3, 2, 4), ((5, 3), (5, 2))),
    "bilinear without bias": (lambda nn: nn.Bilinear(3, 2, 4, bias=False), ((5, 3), (5, 2))),
    "identity": (lambda nn: nn.Identity(54, unused=True), ((2, 3),)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    make, shapes = LAYERS[name]
    agree(make, *(numbers(*shape) for shape in shapes))


def test_a_linear_layer_is_the_product_and_the_bias() -> None:
    layer = nn.Linear(2, 3)
    x = numbers(4, 2).astype(np.float32)
    expected = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(tg.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_parameters_start_within_the_bounds_that_the_inputs_set() -> None:
    tg.manual_seed(1)
    layer = nn.Linear(100, 200)
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert abs(values.std() - 0.1 / 3**0.5) < 0.01


def test_bilinear_layers_need_inputs() -> None:
    with pytest.raises(ValueError, match="in1_features must be > 0, but got 0"):
        nn.Bilinear(0, 2, 3)


def test_the_type_can_be_chosen() -> None:
    layer = nn.Linear(2, 2, dtype=tg.float64)
    assert layer.weight.dtype is tg.float64
