"""The older spectral norm."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn
LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "linear": (lambda nn: nn.utils.spectral_norm(nn.Linear(3, 4)), (2, 3)),
    "transpose": (
        lambda nn: nn.utils.spectral_norm(nn.ConvTranspose1d(3, 4, 2), n_power_iterations=3),
        (2, 3, 5),
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str, train: bool) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape), train=train, steps=2)


def test_the_weight_comes_to_have_norm_1() -> None:
    layer = nn.Linear(4, 4).double()
    with tg.no_grad():
        layer.weight.copy_(tg.tensor(np.linalg.qr(numbers(4, 4))[0] * [3.0, 1.0, 0.5, 0.1]))
    nn.utils.spectral_norm(layer, n_power_iterations=30)
    layer(tg.ones(1, 4, dtype=tg.float64))
    assert abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-8
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    nn.utils.remove_spectral_norm(layer)
    assert isinstance(layer.weight, nn.Parameter)
    assert abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-8
    assert list(layer.state_dict()) == ["bias", "weight"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="to be positive, but got n_power_iterations=0"):
        nn.utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0)
    layer = nn.utils.spectral_norm(nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks"):
        nn.utils.spectral_norm(layer)
    with pytest.raises(ValueError, match="can't have uninitialized parameters"):
        nn.utils.spectral_norm(nn.LazyLinear(2))
    with pytest.raises(ValueError, match="parameter `bias` is None"):
        nn.utils.spectral_norm(nn.Linear(2, 2, bias=False), "bias")
    with pytest.raises(ValueError, match="spectral_norm of 'weight' not found"):
        nn.utils.remove_spectral_norm(nn.Linear(2, 2))
