"""Pooling layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "max 1d": (lambda nn: nn.MaxPool1d(3, stride=2, padding=1), (2, 2, 8)),
    "max 2d": (lambda nn: nn.MaxPool2d((3, 2), dilation=2, ceil_mode=True), (2, 2, 8, 7)),
    "max 2d places": (lambda nn: nn.MaxPool2d(2, return_indices=True), (2, 2, 4, 6)),
    "max 3d": (lambda nn: nn.MaxPool3d(2), (1, 2, 4, 4, 5)),
    "mean 1d": (lambda nn: nn.AvgPool1d(3, stride=2, padding=1, count_include_pad=False), (2, 2, 8)),
    "mean 2d": (lambda nn: nn.AvgPool2d(3, padding=1, divisor_override=5), (2, 2, 8, 7)),
    "mean 3d": (lambda nn: nn.AvgPool3d(2, stride=1), (1, 2, 4, 4, 5)),
    "power 1d": (lambda nn: nn.LPPool1d(2, 3, stride=2), (2, 2, 8)),
    "power 2d": (lambda nn: nn.LPPool2d(2, 2), (2, 2, 4, 4)),
    "power 3d": (lambda nn: nn.LPPool3d(2, 2), (1, 2, 4, 4, 4)),
    "adaptive max 1d": (lambda nn: nn.AdaptiveMaxPool1d(3), (2, 2, 8)),
    "adaptive max 2d": (lambda nn: nn.AdaptiveMaxPool2d((3, None), return_indices=True), (2, 2, 8, 7)),
    "adaptive max 3d": (lambda nn: nn.AdaptiveMaxPool3d(2), (1, 2, 4, 5, 4)),
    "adaptive mean 1d": (lambda nn: nn.AdaptiveAvgPool1d(3), (2, 2, 8)),
    "adaptive mean 2d": (lambda nn: nn.AdaptiveAvgPool2d((None, 2)), (2, 2, 8, 7)),
    "adaptive mean 3d": (lambda nn: nn.AdaptiveAvgPool3d(2), (1, 2, 4, 5, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape))


@pytest.mark.torch
@pytest.mark.parametrize("spatial", [1, 2, 3])
def test_unpooling_is_that_of_torch(spatial: int) -> None:
    def make(nn: Any) -> Any:
        return getattr(nn, f"MaxUnpool{spatial}d")(2)

    taps = np.arange(2**spatial).reshape((1, 1) + (2,) * spatial)
    places = np.ravel_multi_index(np.indices((2,) * spatial) * 2, (4,) * spatial)
    agree(make, numbers(*taps.shape), places.reshape(taps.shape))


def test_unpooling_puts_the_largest_back() -> None:
    x = tg.tensor([[[1.0, 5.0, 2.0, 3.0]]])
    found, places = nn.MaxPool1d(2, return_indices=True)(x)
    assert nn.MaxUnpool1d(2)(found, places).tolist() == [[[0.0, 5.0, 0.0, 3.0]]]


def test_means_and_norms_of_windows() -> None:
    x = tg.tensor([[[3.0, 4.0, 0.0, 2.0]]])
    assert nn.AvgPool1d(2)(x).tolist() == [[[3.5, 1.0]]]
    assert nn.LPPool1d(2, 2)(x).tolist() == [[[5.0, 2.0]]]
    assert nn.AdaptiveAvgPool1d(1)(x).tolist() == [[[2.25]]]
