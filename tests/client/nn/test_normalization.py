"""Normalisation within a sample."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "layer": (lambda nn: nn.LayerNorm(4), (3, 4)),
    "layer of two": (lambda nn: nn.LayerNorm((2, 4), eps=1e-3), (3, 2, 4)),
    "layer without bias": (lambda nn: nn.LayerNorm([4], bias=False), (3, 4)),
    "layer plain": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), (3, 4)),
    "rms": (lambda nn: nn.RMSNorm(4), (3, 4)),
    "rms plain": (lambda nn: nn.RMSNorm((2, 4), eps=0.1, elementwise_affine=False), (3, 2, 4)),
    "group": (lambda nn: nn.GroupNorm(2, 4), (3, 4, 5)),
    "group plain": (lambda nn: nn.GroupNorm(4, 4, affine=False), (3, 4, 2, 2)),
    "response": (lambda nn: nn.LocalResponseNorm(3, alpha=0.1, k=2.0), (2, 5, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape))


def test_a_layer_norm_centres_and_scales() -> None:
    y = nn.LayerNorm(64)(tg.tensor(5 + 3 * numbers(2, 64).astype(np.float32))).detach().numpy()
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=1), 1, rtol=1e-3)


def test_parameters_are_reset_to_ones_and_zeros() -> None:
    for layer in (nn.LayerNorm(3), nn.GroupNorm(1, 3), nn.RMSNorm(3)):
        for parameter in layer.parameters():
            nn.init.constant_(parameter, 5.0)
        layer.reset_parameters()
        assert layer.weight.tolist() == [1.0] * 3
        if hasattr(layer, "bias"):
            assert layer.bias.tolist() == [0.0] * 3


def test_groups_have_to_divide_the_channels() -> None:
    with pytest.raises(ValueError, match="must be divisible by num_groups"):
        nn.GroupNorm(2, 5)
