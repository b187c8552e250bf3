"""Modules whose parameters are not initialised."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from telegrad.nn.utils import skip_init

nn = tg.nn


@pytest.mark.parametrize(
    "make",
    [
        lambda how: how(nn.Linear, 2, out_features=3, dtype=tg.float64),
        lambda how: how(nn.BatchNorm1d, 3),
        lambda how: how(nn.LSTMCell, 2, 3),
        lambda how: how(nn.LazyLinear, 3),
    ],
)
def test_it_has_what_the_module_has(make: Any) -> None:
    tg.manual_seed(1)
    before = tg.get_rng_state().tolist()
    module = make(skip_init)
    assert tg.get_rng_state().tolist() == before
    other = make(lambda kind, *args, **kwargs: kind(*args, **kwargs))
    assert repr(module) == repr(other)
    assert list(module.state_dict()) == list(other.state_dict())
    assert [type(p) for p in module.parameters()] == [type(p) for p in other.parameters()]
    assert all(p.requires_grad for p in module.parameters())
    if not isinstance(module, nn.LazyLinear):
        assert [(p.shape, p.dtype) for p in module.parameters()] == [
            (p.shape, p.dtype) for p in other.parameters()
        ]


def test_it_is_trained_like_any_other() -> None:
    layer = skip_init(nn.Linear, 2, 1)
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias)
    layer(tg.tensor([[2.0, 3.0]])).sum().backward()
    assert layer.weight.grad.tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize("what", [int, nn.ReLU])
def test_what_it_refuses(what: Any) -> None:
    with pytest.raises(RuntimeError, match=r"Expected a Module|must support a 'device' arg"):
        skip_init(what)
