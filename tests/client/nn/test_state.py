"""State dicts: saving, loading, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.nn import Module

nn = tg.nn


def network(n: Any) -> Any:
    return n.Sequential(n.Linear(2, 3), n.BatchNorm1d(3), n.Sequential(n.Linear(3, 1, bias=False)))


def test_a_state_dict_shares_memory_with_its_module() -> None:
    net = network(nn)
    state = net.state_dict()
    assert not state["0.weight"].requires_grad
    with tg.no_grad():
        net[0].weight.zero_()
    assert state["0.weight"].tolist() == [[0.0, 0.0]] * 3
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    assert next(iter(net.state_dict(prefix="net."))) == "net.0.weight"
    assert state._metadata["1"] == {"version": 2}


def test_loading_copies_into_the_tensors_that_are_there() -> None:
    source, target = network(nn), network(nn)
    before = target[0].weight
    found = target.load_state_dict(source.state_dict())
    assert str(found) == repr(found) == "<All keys matched successfully>"
    assert target[0].weight is before
    x = tg.randn(4, 2)
    assert source(x).tolist() == target(x).tolist()
    with tg.no_grad():
        source[0].weight.zero_()
    assert before.abs().sum().item() > 0


def test_arrays_are_taken_as_well() -> None:
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": np.array([3.0])})
    assert net.weight.tolist() == [[1.0, 2.0]]
    assert net.weight.dtype is tg.float32


def test_assigning_takes_the_tensors_themselves() -> None:
    net = nn.BatchNorm1d(1)
    state = {k: v.double() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    net.load_state_dict(state, assign=True)
    assert net.get_parameter("weight").dtype is tg.float64
    assert isinstance(net.weight, nn.Parameter)
    assert net.running_mean is state["running_mean"]
    given = nn.Parameter(tg.tensor([2.0]))
    net.load_state_dict({**state, "weight": given}, assign=True)
    assert net.weight is given


@pytest.mark.torch
@pytest.mark.parametrize(
    "change",
    [
        {"0.weight": None, "surplus": [1.0], "2.0.more": [2.0]},
        {"0.weight": [[1.0]], "1.bias": [1.0, 2.0]},
        {"1.running_mean": None, "3.weight": [1.0]},
        {"0.bias": "text"},
    ],
)
def test_what_does_not_fit_is_told_as_in_torch(change: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    told = []
    for module in (tg, torch):
        net = network(module.nn)
        state = dict(net.state_dict())
        for key, value in change.items():
            state.pop(key, None)
            if value is not None:
                state[key] = value if isinstance(value, str) else module.tensor(value)
        with pytest.raises(RuntimeError) as error:
            net.load_state_dict(state)
        told.append(str(error.value))
    assert told[0] == told[1]


def test_what_is_missing_or_too_much_can_be_let_pass() -> None:
    net = nn.Linear(1, 1)
    found = net.load_state_dict({"weight": tg.ones(1, 1), "other": tg.ones(1)}, strict=False)
    assert found.missing_keys == ["bias"]
    assert found.unexpected_keys == ["other"]
    assert str(found) == "_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['other'])"
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
        net.load_state_dict([])  # type: ignore[arg-type]


def test_a_scalar_may_have_been_saved_as_a_vector() -> None:
    net = nn.Module()
    net.x = nn.Parameter(tg.tensor(1.0))
    net.load_state_dict({"x": tg.tensor([4.0])})
    assert net.x.item() == 4.0


class Counting(Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = 3

    def get_extra_state(self) -> Any:
        return {"count": self.count}

    def set_extra_state(self, state: Any) -> None:
        self.count = state["count"]


def test_a_module_may_save_more_than_tensors() -> None:
    first, second = Counting(), Counting()
    first.count = 9
    assert first.state_dict() == {"_extra_state": {"count": 9}}
    second.load_state_dict(first.state_dict())
    assert second.count == 9
    with pytest.raises(RuntimeError, match=r'Missing key.s. in state_dict: "_extra_state"'):
        second.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key.s. in state_dict: "_extra_state"'):
        nn.Module().load_state_dict(first.state_dict())
    with pytest.raises(RuntimeError, match="override get_extra_state"):
        nn.Module().get_extra_state()
    with pytest.raises(RuntimeError, match="override set_extra_state"):
        nn.Module().set_extra_state(1)


def test_hooks_around_saving_and_loading() -> None:
    net, calls = nn.Linear(1, 1), []

    def renamed(module: Any, state: Any, prefix: str, metadata: Any) -> None:
        state["w"] = state.pop("weight")

    def back(module: Any, state: Any, *rest: Any) -> None:
        state["weight"] = state.pop("w")

    handles = [
        net.register_state_dict_pre_hook(lambda module, prefix, keep_vars: calls.append("saving")),
        net.register_state_dict_post_hook(renamed),
        net.register_load_state_dict_pre_hook(back),
        net.register_load_state_dict_post_hook(lambda module, found: calls.append("loaded")),
    ]
    state = net.state_dict()
    assert set(state) == {"bias", "w"}
    net.load_state_dict(state)
    assert calls == ["saving", "loaded"]
    for handle in handles:
        handle.remove()
    assert set(net.state_dict()) == {"bias", "weight"}
    net.register_load_state_dict_post_hook(lambda module, found: found)
    with pytest.raises(AssertionError, match="not expected to return"):
        net.load_state_dict(net.state_dict())
