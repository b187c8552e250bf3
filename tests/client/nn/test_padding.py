"""Padding layers."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn

MODES = ["Reflection", "Replication", "Circular", "Zero"]


@pytest.mark.torch
@pytest.mark.parametrize("spatial", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_layers_are_those_of_torch(mode: str, spatial: int) -> None:
    name = f"{mode}Pad{spatial}d"
    x = numbers(2, 2, *(4, 5, 4)[:spatial])
    agree(lambda nn: getattr(nn, name)(1), x)
    agree(lambda nn: getattr(nn, name)((1, 2) * spatial), x)


@pytest.mark.torch
@pytest.mark.parametrize("spatial", [1, 2, 3])
def test_constants_go_around_as_in_torch(spatial: int) -> None:
    agree(lambda nn: getattr(nn, f"ConstantPad{spatial}d")(2, 1.5), numbers(2, *(2, 3, 2)[:spatial]))


def test_what_each_mode_puts_at_the_ends() -> None:
    x = tg.tensor([[1.0, 2.0, 3.0]])
    assert nn.ReflectionPad1d(1)(x).tolist() == [[2.0, 1.0, 2.0, 3.0, 2.0]]
    assert nn.ReplicationPad1d(1)(x).tolist() == [[1.0, 1.0, 2.0, 3.0, 3.0]]
    assert nn.CircularPad1d(1)(x).tolist() == [[3.0, 1.0, 2.0, 3.0, 1.0]]
    assert nn.ConstantPad1d((0, 1), 7.0)(x).tolist() == [[1.0, 2.0, 3.0, 7.0]]


def test_a_circle_needs_the_right_number_of_dimensions() -> None:
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        nn.CircularPad1d(1)(tg.tensor(np.zeros(3)))
