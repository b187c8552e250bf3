"""Activations as modules."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, numbers

nn = tg.nn

LAYERS: dict[str, Make] = {
    "Sigmoid": lambda nn: nn.Sigmoid(),
    "Tanh": lambda nn: nn.Tanh(),
    "LogSigmoid": lambda nn: nn.LogSigmoid(),
    "Softsign": lambda nn: nn.Softsign(),
    "Tanhshrink": lambda nn: nn.Tanhshrink(),
    "ReLU": lambda nn: nn.ReLU(),
    "ReLU6": lambda nn: nn.ReLU6(),
    "SiLU": lambda nn: nn.SiLU(),
    "Mish": lambda nn: nn.Mish(),
    "SELU": lambda nn: nn.SELU(),
    "Hardsigmoid": lambda nn: nn.Hardsigmoid(),
    "Hardswish": lambda nn: nn.Hardswish(),
    "Threshold": lambda nn: nn.Threshold(0.1, 20),
    "Hardtanh": lambda nn: nn.Hardtanh(-0.5, 0.7),
    "ELU": lambda nn: nn.ELU(0.5),
    "CELU": lambda nn: nn.CELU(0.5),
    "LeakyReLU": lambda nn: nn.LeakyReLU(0.2),
    "PReLU": lambda nn: nn.PReLU(),
    "PReLU of channels": lambda nn: nn.PReLU(4, init=0.1),
    "GELU": lambda nn: nn.GELU(),
    "GELU by tanh": lambda nn: nn.GELU("tanh"),
    "GLU": lambda nn: nn.GLU(1),
    "Hardshrink": lambda nn: nn.Hardshrink(0.3),
    "Softshrink": lambda nn: nn.Softshrink(0.3),
    "Softplus": lambda nn: nn.Softplus(2, threshold=10),
    "Softmax": lambda nn: nn.Softmax(1),
    "Softmin": lambda nn: nn.Softmin(dim=0),
    "LogSoftmax": lambda nn: nn.LogSoftmax(-1),
    "Softmax2d": lambda nn: nn.Softmax2d(),
}

REWRITING = [
    "ReLU", "ReLU6", "SiLU", "Mish", "SELU", "Hardsigmoid", "Hardswish", "Hardtanh", "ELU", "CELU",
    "LeakyReLU",
]  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    # PyTorch's Hardsigmoid divides by a six of float32.
    agree(LAYERS[name], numbers(3, 4, 2, 2), rtol=1e-7 if name == "Hardsigmoid" else 1e-8)


@pytest.mark.torch
def test_slopes_are_fixed_out_of_training_as_in_torch() -> None:
    agree(lambda nn: nn.RReLU(0.1, 0.4), numbers(3, 4), train=False)


@pytest.mark.torch
@pytest.mark.parametrize("name", [*REWRITING, "RReLU"])
def test_what_writes_in_place_says_so_as_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert repr(getattr(nn, name)(inplace=True)) == repr(getattr(torch.nn, name)(inplace=True))
    assert repr(nn.Threshold(1, 2, inplace=True)) == repr(torch.nn.Threshold(1, 2, inplace=True))


@pytest.mark.parametrize("name", REWRITING)
def test_a_result_can_go_into_the_input(name: str) -> None:
    x = tg.tensor([-2.0, 0.5, 7.0])
    expected = getattr(nn, name)()(x).numpy()
    assert getattr(nn, name)(inplace=True)(x) is x
    np.testing.assert_array_equal(x.numpy(), expected)


def test_slopes_are_drawn_in_training() -> None:
    x = -tg.ones(1000)
    slopes = -nn.RReLU(0.1, 0.4)(x).numpy()
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.4
    assert slopes.std() > 0.05


def test_a_dimension_that_is_not_named_is_guessed_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert nn.Softmax()(tg.zeros(2, 4)).tolist() == [[0.25] * 4] * 2
    with pytest.warns(UserWarning, match="Implicit dimension choice for log_softmax"):
        nn.LogSoftmax()(tg.zeros(2))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="Softmax2d: expected input to be 3D or 4D, got 2D instead"):
        nn.Softmax2d()(tg.zeros(2, 2))
    with pytest.raises(AssertionError, match="must be greater than min_val"):
        nn.Hardtanh(1.0, 0.0)
    with pytest.warns(FutureWarning, match="`min_value` is deprecated"):
        assert nn.Hardtanh(min_value=-3.0).min_val == -3.0
