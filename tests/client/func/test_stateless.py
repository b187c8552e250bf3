"""Modules as functions of their parameters; any object with torch's tables of parameters will do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.func import functional_call, grad, stack_module_state, vmap


class Linear:
    """The part of a module that is asked for here."""

    def __init__(self, weight: Any, inner: Any = None) -> None:
        self.training = True
        self._parameters = {"weight": weight}
        self._buffers = {"calls": tg.zeros(())}
        self.inner = inner

    def get_submodule(self, path: str) -> Any:
        return self if not path else self.inner

    def named_parameters(self, *, remove_duplicate: bool = True) -> Any:
        named = [("weight", self._parameters["weight"])]
        if self.inner is not None:
            inner = self.inner._parameters["weight"]
            if inner is not self._parameters["weight"] or not remove_duplicate:
                named.append(("inner.weight", inner))
        return iter(named)

    def named_buffers(self) -> Any:
        return iter([("calls", self._buffers["calls"])])

    def __call__(self, x: Any, *, scale: float = 1.0) -> Any:
        self._buffers["calls"].add_(1)
        y = x @ self._parameters["weight"] * scale
        return y if self.inner is None else self.inner(y)


@pytest.fixture
def weight(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(3, 3)), requires_grad=True)


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)


def test_other_parameters_for_one_call(weight: Any) -> None:
    module = Linear(weight, Linear(weight))
    x, other = tg.ones(3, dtype=tg.float64), 2 * weight.detach()
    plain = x @ weight @ weight
    same(functional_call(module, {"weight": other}, (x,)), 4 * plain)
    same(functional_call(module, {"weight": other}, x, tie_weights=False), 2 * plain)
    same(functional_call(module, ({"weight": other}, {"calls": tg.ones(())}), x, {"scale": 3.0}), 12 * plain)
    assert module._parameters["weight"] is weight
    assert module._buffers["calls"].item() == 2
    same(module(x), plain)


def test_it_is_differentiated(weight: Any) -> None:
    module = Linear(weight)
    rows = tg.eye(3, dtype=tg.float64)

    def loss(parameters: Any, row: Any) -> Any:
        return functional_call(module, parameters, row).sum()

    found = vmap(grad(loss), (None, 0))({"weight": weight.detach()}, rows)
    assert found["weight"].shape == (3, 3, 3)
    same(found["weight"][1], tg.eye(3, dtype=tg.float64)[1][:, None].expand(3, 3))
    assert weight.grad is None


def test_names_that_do_not_fit(weight: Any) -> None:
    module, x = Linear(weight), tg.ones(3, dtype=tg.float64)
    with pytest.raises(AttributeError, match="Linear has no attribute `bias`"):
        functional_call(module, {"bias": x}, x)
    assert module._parameters["weight"] is weight
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): bias"):
        functional_call(module, {"bias": x, "weight": x, "calls": x}, x, strict=True)
    with pytest.raises(RuntimeError, match=r"Missing key\(s\): calls, weight"):
        functional_call(module, {}, x, strict=True)
    with pytest.raises(ValueError, match="appeared in multiple dictionaries"):
        functional_call(module, ({"weight": x}, {"weight": x}), x)
    with pytest.raises(ValueError, match="to be a dict, or a list/tuple of dicts"):
        functional_call(module, 1, x)
    with pytest.raises(ValueError, match="to be dictionaries"):
        functional_call(module, [1], x)


def test_many_models_in_one(weight: Any) -> None:
    models = [Linear((weight.detach() * i).requires_grad_()) for i in (1.0, 2.0)]
    parameters, buffers = stack_module_state(models)
    assert parameters["weight"].shape == (2, 3, 3)
    assert parameters["weight"].is_leaf
    assert parameters["weight"].requires_grad
    assert not buffers["calls"].requires_grad
    x = tg.ones(3, dtype=tg.float64)
    found = vmap(lambda p: functional_call(models[0], (p,), x))(parameters)
    same(found, tg.stack([model(x) for model in models]))
    with pytest.raises(RuntimeError, match="at least one model"):
        stack_module_state([])
    models[1].training = False
    with pytest.raises(RuntimeError, match="same training/eval mode"):
        stack_module_state(models)
    models[1].training = True
    models[1]._parameters["weight"].requires_grad_(False)
    with pytest.raises(RuntimeError, match=r"same \.requires_grad"):
        stack_module_state(models)


def test_a_real_module(rng: np.random.Generator) -> None:
    net = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.Tanh(), tg.nn.Linear(4, 1)).double()
    rows = tg.tensor(rng.normal(size=(5, 3)))
    parameters = {name: value.detach() for name, value in net.named_parameters()}

    def loss(named: Any, row: Any) -> Any:
        return (functional_call(net, named, row) ** 2).sum()

    found = vmap(grad(loss), (None, 0))(parameters, rows)
    for i, row in enumerate(rows):
        net.zero_grad()
        (net(row) ** 2).sum().backward()
        for name, parameter in net.named_parameters():
            same(found[name][i], parameter.grad)
    stacked, _ = stack_module_state([net, net])
    both = vmap(lambda named, x: functional_call(net, named, x), (0, None))(stacked, rows)
    same(both, tg.stack([net(rows)] * 2))
