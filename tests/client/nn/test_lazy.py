"""Layers that learn the number of their inputs from the first one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.nn.lazy import LazyModuleMixin
from tests.client.nn.layers import numbers

nn = tg.nn
LAYERS: dict[str, tuple[tuple[Any, ...], dict[str, Any], tuple[int, ...]]] = {
    "LazyLinear": ((4,), {}, (2, 3)),
    "LazyConv1d": ((4, 3), {"bias": False}, (2, 3, 7)),
    "LazyConv2d": ((4, 3), {"groups": 2, "padding": 1}, (2, 6, 5, 5)),
    "LazyConv3d": ((4, 2), {}, (3, 4, 4, 4)),
    "LazyConvTranspose1d": ((4, 3), {}, (2, 3, 7)),
    "LazyConvTranspose2d": ((4, 3), {"stride": 2, "groups": 2}, (2, 6, 5, 5)),
    "LazyConvTranspose3d": ((4, 2), {}, (2, 3, 4, 4, 4)),
    "LazyBatchNorm1d": ((), {}, (5, 3)),
    "LazyBatchNorm2d": ((1e-3,), {"momentum": 0.2}, (5, 3, 2, 2)),
    "LazyBatchNorm3d": ((), {"affine": False}, (5, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": ((), {}, (2, 3, 4)),
    "LazyInstanceNorm2d": ((), {"track_running_stats": False}, (2, 3, 4, 4)),
    "LazyInstanceNorm3d": ((), {"bias": False}, (2, 3, 2, 2, 2)),
}


def layer(module: Any, name: str) -> Any:
    args, settings, _ = LAYERS[name]
    return getattr(module, name)(*args, **settings)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = layer(nn, name), layer(torch.nn, name)
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    x = numbers(*LAYERS[name][2]).astype(np.float32)
    theirs(torch.tensor(x))
    mine.load_state_dict(theirs.state_dict())
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mine(tg.tensor(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    assert repr(mine) == repr(theirs)
    assert type(mine).__name__ == type(theirs).__name__


@pytest.mark.parametrize("name", LAYERS)
def test_the_first_input_makes_a_layer_of_the_usual_class(name: str) -> None:
    lazy = layer(nn, name)
    parameters = list(lazy.parameters())
    x = tg.tensor(numbers(*LAYERS[name][2]).astype(np.float32), requires_grad=True)
    lazy(x)
    usual = name.removeprefix("Lazy")
    assert type(lazy) is getattr(nn, usual)
    assert all(a is b for a, b in zip(lazy.parameters(), parameters, strict=True))
    assert all(type(p) is nn.Parameter and p.requires_grad for p in parameters)
    assert not lazy._forward_pre_hooks
    lazy(x).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in parameters)


def test_they_start_as_the_usual_layers_do() -> None:
    tg.manual_seed(4)
    lazy = nn.LazyLinear(200)
    lazy(tg.ones(1, 100))
    for parameter in lazy.parameters():
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert abs(values.std() - 0.1 / 3**0.5) < 0.01
    assert repr(lazy) == "Linear(in_features=100, out_features=200, bias=True)"


def test_a_whole_network() -> None:
    network = nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    assert network(tg.ones(2, 1, 5, 5)).shape == (2, 2)
    assert [tuple(p.shape) for p in network.parameters()] == [(3, 1, 3, 3), (3,), (3,), (3,), (2, 27), (2,)]


def test_shapes_can_come_from_a_state_dict() -> None:
    lazy, known = nn.LazyLinear(2), nn.Linear(3, 2)
    lazy.load_state_dict(known.state_dict())
    assert not lazy.has_uninitialized_params()
    x = tg.ones(1, 3)
    np.testing.assert_array_equal(lazy(x).detach().numpy(), known(x).detach().numpy())
    assert lazy.in_features == 3
    convolution = nn.LazyConv2d(4, 3, groups=2)
    convolution.load_state_dict(nn.Conv2d(6, 4, 3, groups=2).state_dict())
    convolution(tg.ones(1, 6, 3, 3))
    assert convolution.in_channels == 6
    other = nn.LazyLinear(2)
    other.load_state_dict(nn.LazyLinear(2).state_dict())
    assert other.has_uninitialized_params()


def test_types_and_copies_are_possible_before() -> None:
    lazy = copy.deepcopy(nn.LazyLinear(2).double())
    assert lazy(tg.ones(1, 3, dtype=tg.float64)).dtype is tg.float64


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RuntimeError, match=r"Expected 3D .* or 4D \(batched\) input to LazyConv2d"):
        nn.LazyConv2d(2, 1)(tg.ones(2, 2))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.LazyConv1d(2, 1, groups=2)(tg.ones(1, 3, 4))


def test_subclasses_say_how() -> None:
    class Silent(LazyModuleMixin):
        pass

    class Forgetful(LazyModuleMixin):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None:
            pass

    with pytest.raises(RuntimeError, match="initialize_parameters is not implemented for Silent"):
        Silent()(tg.ones(1))
    with pytest.raises(RuntimeError, match="module Forgetful has not been fully initialized"):
        Forgetful()(tg.ones(1))
