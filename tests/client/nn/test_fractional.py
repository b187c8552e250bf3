"""Max pools whose windows begin at random places, as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers

nn = tg.nn
SAMPLES = np.random.default_rng(5).random((2, 3, 3))


@pytest.mark.torch
@pytest.mark.parametrize("dims", [2, 3])
def test_layers_are_those_of_torch(dims: int) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        layer = getattr(module.nn, f"FractionalMaxPool{dims}d")
        samples = module.tensor(SAMPLES[..., :dims])
        made = layer(2, output_ratio=0.5, return_indices=True, _random_samples=samples)
        values, places = made(module.tensor(numbers(2, 3, *(8,) * dims)))
        found.append((repr(made), list(made.state_dict()), values.numpy(), places.numpy()))
    assert found[0][:2] == found[1][:2]
    for mine, theirs in zip(found[0][2:], found[1][2:], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_result_has_the_size() -> None:
    assert nn.FractionalMaxPool2d(2, output_size=(3, 4))(tg.ones(2, 3, 7, 8)).shape == (2, 3, 3, 4)
    values, places = nn.FractionalMaxPool3d(2, output_ratio=0.5, return_indices=True)(tg.ones(3, 6, 6, 6))
    assert values.shape == places.shape == (3, 3, 3, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "requires specifying either an output size, or a pooling ratio"),
        ({"output_size": 2, "output_ratio": 0.5}, "only one of output_size and output_ratio"),
        ({"output_ratio": 1.5}, "between 0 and 1"),
        ({"kernel_size": 0, "output_size": 1}, "kernel_size must be greater than 0, but got 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        nn.FractionalMaxPool3d(**{"kernel_size": 2, **settings})
