"""Layers that rearrange elements."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "flatten": (lambda nn: nn.Flatten(), (2, 3, 4)),
    "flatten some": (lambda nn: nn.Flatten(0, 1), (2, 3, 4)),
    "unflatten": (lambda nn: nn.Unflatten(1, (2, 3)), (2, 6, 4)),
    "shuffle": (lambda nn: nn.PixelShuffle(2), (1, 8, 2, 3)),
    "unshuffle": (lambda nn: nn.PixelUnshuffle(2), (1, 2, 4, 6)),
    "channels": (lambda nn: nn.ChannelShuffle(2), (1, 4, 2, 2)),
    "nearest": (lambda nn: nn.Upsample(scale_factor=2), (1, 2, 3, 4)),
    "size": (lambda nn: nn.Upsample(size=(5, 6), mode="bilinear", align_corners=True), (1, 2, 3, 4)),
    "linear": (lambda nn: nn.Upsample(scale_factor=1.5, mode="linear", align_corners=False), (1, 2, 4)),
    "factors": (lambda nn: nn.Upsample(scale_factor=(2, 3)), (1, 2, 3, 4)),
    "nearest 2d": (lambda nn: nn.UpsamplingNearest2d(scale_factor=2), (1, 2, 3, 4)),
    "bilinear 2d": (lambda nn: nn.UpsamplingBilinear2d(size=7), (1, 2, 3, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape))


def test_flattening_and_back() -> None:
    x = tg.tensor(np.arange(12).reshape(2, 2, 3))
    flat = nn.Flatten()(x)
    assert flat.shape == (2, 6)
    assert nn.Unflatten(1, (2, 3))(flat).tolist() == x.tolist()


def test_sizes_are_integers() -> None:
    with pytest.raises(TypeError, match="must be a tuple of ints, but found type int"):
        nn.Unflatten(1, 6)
    with pytest.raises(TypeError, match="found element of type float at pos 1"):
        nn.Unflatten(1, (2, 3.0))
