"""Modules that hold modules."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg

nn = tg.nn


def kinds(container: Any) -> list[str]:
    return [type(module).__name__ for module in container]


def test_a_sequential_hands_results_on() -> None:
    net = nn.Sequential(nn.ReLU(), nn.Flatten(0))
    assert net(tg.tensor([[-1.0, 2.0]])).tolist() == [0.0, 2.0]
    named = nn.Sequential(OrderedDict(first=nn.ReLU(), second=nn.Tanh()))
    assert isinstance(named.first, nn.ReLU)
    assert isinstance(named[1], nn.Tanh)
    assert list(named[1:]._modules) == ["second"]
    assert len(nn.Sequential()) == 0


def test_a_sequential_changes_like_a_list() -> None:
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    net[1] = nn.GELU()
    net.append(nn.ELU()).insert(0, nn.Identity()).insert(-1, nn.SiLU())
    assert kinds(net) == ["Identity", "ReLU", "GELU", "Sigmoid", "SiLU", "ELU"]
    del net[0], net[-1]
    assert list(net._modules) == ["0", "1", "2", "3"]
    assert type(net.pop(1)) is nn.GELU
    del net[1:]
    assert kinds(net) == ["ReLU"]
    net += nn.Sequential(nn.Tanh())
    net *= 2
    assert kinds(net) == ["ReLU", "Tanh"] * 2
    assert kinds(nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh())) == ["ReLU", "Tanh"]
    assert kinds(2 * nn.Sequential(nn.ReLU())) == ["ReLU", "ReLU"]


def test_a_module_list_is_a_list() -> None:
    held = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    held += [nn.ELU()]
    held.insert(1, nn.GELU())
    held[0] = nn.SiLU()
    assert kinds(held) == ["SiLU", "GELU", "Tanh", "ELU"]
    assert kinds(held[1:3]) == ["GELU", "Tanh"]
    assert type(held[-1]) is nn.ELU
    assert type(held.pop(0)) is nn.SiLU
    assert kinds([*held, nn.ReLU()]) == ["GELU", "Tanh", "ELU", "ReLU"]
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_a_module_dict_is_a_dict() -> None:
    held = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    held["c"] = nn.ELU()
    held.update([("d", nn.GELU())])
    held.update(nn.ModuleDict({"a": nn.SiLU()}))
    assert list(held) == list(held.keys()) == ["a", "b", "c", "d"]
    assert kinds(held.values()) == ["SiLU", "Tanh", "ELU", "GELU"]
    assert dict(held.items())["b"] is held["b"]
    assert "b" in held
    del held["b"]
    assert type(held.pop("c")) is nn.ELU
    assert len(held) == 2
    held.clear()
    assert not len(held)


@pytest.mark.torch
def test_text_and_keys_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")

    def make(n: Any) -> Any:
        return n.ModuleDict(
            {
                "many": n.ModuleList(
                    [n.Linear(1, 1), n.Linear(1, 1), n.ReLU(), n.Sequential(n.Linear(1, 2))]
                ),
                "same": n.ModuleList([n.Sequential(n.ReLU()) for _ in range(3)]),
                "none": n.Sequential(),
            }
        )

    assert repr(make(nn)) == repr(make(torch.nn))
    assert list(make(nn).state_dict()) == list(make(torch.nn).state_dict())


CASES: dict[str, Callable[[Any], Any]] = {
    "place": lambda n: n.Sequential(n.ReLU())[1],
    "list place": lambda n: n.ModuleList()[0],
    "no module": lambda n: n.Sequential(3),
    "insert no module": lambda n: n.Sequential().insert(0, 3),
    "insert far out": lambda n: n.Sequential().insert(3, n.ReLU()),
    "add number": lambda n: n.Sequential() + 3,
    "times text": lambda n: n.Sequential() * "2",
    "times nothing": lambda n: n.Sequential() * 0,
    "extend": lambda n: n.ModuleList(3),
    "update": lambda n: n.ModuleDict(3),
    "key": lambda n: n.ModuleDict()["a"],
    "text place": lambda n: n.ModuleList([n.ReLU()])["0"],
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_raises_as_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:
        CASES[name](torch.nn)
    with pytest.raises(type(theirs.value)):
        CASES[name](nn)
