"""Activations that write into their input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers

F = tg.nn.functional
SETTINGS: dict[str, tuple[Any, ...]] = {
    "celu": (0.5,),
    "elu": (),
    "hardtanh": (-0.5, 0.5),
    "leaky_relu": (0.2,),
    "relu": (),
    "rrelu": (),
    "selu": (),
    "threshold": (0.1, 2.0),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_input_becomes_the_result(name: str) -> None:
    x = tg.tensor(numbers(3, 4))
    expected = getattr(F, name)(x, *SETTINGS[name]).numpy()
    written = getattr(F, f"{name}_")(x, *SETTINGS[name])
    assert written is x
    np.testing.assert_array_equal(x.numpy(), expected)


def test_some_are_torchs_own_too() -> None:
    x = tg.tensor([-1.0, 2.0])
    assert tg.relu_(x) is x
    assert x.tolist() == [0.0, 2.0]
    assert tg.threshold_(x, 1.0, -1.0).tolist() == [-1.0, 2.0]


def test_gradients_go_through_what_was_written() -> None:
    x = tg.tensor([-1.0, 2.0], requires_grad=True)
    F.leaky_relu_(x * 3, 0.5).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.5, 3.0]
