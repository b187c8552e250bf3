"""Convolutions and their transposes."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "1d": (lambda nn: nn.Conv1d(2, 3, 3), (2, 2, 7)),
    "1d settings": (
        lambda nn: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False), (2, 4, 9)
    ),
    "1d same": (lambda nn: nn.Conv1d(2, 3, 4, padding="same", padding_mode="replicate"), (2, 2, 7)),
    "2d": (lambda nn: nn.Conv2d(2, 3, (3, 2)), (2, 2, 6, 5)),
    "2d single": (lambda nn: nn.Conv2d(2, 3, 2), (2, 6, 5)),
    "2d valid": (lambda nn: nn.Conv2d(2, 3, 3, padding="valid"), (2, 2, 6, 5)),
    "2d reflect": (lambda nn: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"), (2, 2, 6, 5)),
    "2d circular": (lambda nn: nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), (2, 2, 6, 5)),
    "3d": (lambda nn: nn.Conv3d(2, 2, 2, stride=(1, 2, 1), padding=1), (1, 2, 3, 4, 3)),
    "1d transposed": (lambda nn: nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1), (2, 2, 5)),
    "2d transposed": (
        lambda nn: nn.ConvTranspose2d(4, 2, (3, 2), stride=2, padding=1, groups=2, dilation=2), (2, 4, 3, 4)
    ),
    "3d transposed": (lambda nn: nn.ConvTranspose3d(2, 2, 2, bias=False), (1, 2, 3, 2, 3)),
    "unfold": (lambda nn: nn.Unfold((2, 3), padding=1), (2, 2, 4, 5)),
    "fold": (lambda nn: nn.Fold((4, 5), (2, 3)), (2, 12, 9)),
}  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape))


@pytest.mark.torch
def test_a_transpose_gives_the_size_that_is_asked_for() -> None:
    agree(lambda nn: nn.ConvTranspose2d(2, 2, 3, stride=2), numbers(1, 2, 4, 4), output_size=[10, 9])


def test_a_kernel_in_the_middle_hands_its_input_on() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight)
    x = tg.tensor(numbers(1, 1, 4, 4).astype(np.float32))
    np.testing.assert_allclose(layer(x).detach().numpy(), x.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"groups": 2}, "in_channels must be divisible by groups"),
        ({"groups": 0}, "groups must be a positive integer"),
        ({"groups": 3}, "out_channels must be divisible by groups"),
        ({"padding": "full"}, "Invalid padding string 'full'"),
        ({"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
        ({"padding_mode": "none"}, "padding_mode must be one of"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        nn.Conv2d(3, 4, 3, **settings)


def test_a_transpose_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match='Only "zeros" padding mode'):
        nn.ConvTranspose1d(1, 1, 2, padding_mode="reflect")
    layer = nn.ConvTranspose1d(1, 1, 3, stride=2)
    with pytest.raises(ValueError, match="requested an output size of"):
        layer(tg.ones(1, 1, 4), output_size=[20])
    with pytest.raises(ValueError, match="output_size must have 1 or 3 elements"):
        layer(tg.ones(1, 1, 4), output_size=[1, 2])
