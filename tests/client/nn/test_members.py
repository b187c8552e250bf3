"""What belongs to a module, and walking over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg
from telegrad.nn import Module

nn = tg.nn


def network(module: Any) -> Any:
    """Nested modules, one of them twice."""
    n = module.nn

    class Net(n.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = n.Linear(2, 3)
            self.scale = n.Parameter(module.ones(3))
            self.rest = n.Sequential(n.ReLU(), n.BatchNorm1d(3), self.first)
            self.register_buffer("offset", module.zeros(3))
            self.register_buffer("scratch", module.zeros(1), persistent=False)
            self.tail = n.Buffer(module.ones(2))
            self.plain = 7
            self.nothing: Any = None
            self.register_parameter("left_out", None)

    return Net()


def listing(net: Any) -> list[list[str]]:
    return [
        [name for name, _ in net.named_parameters()],
        [name for name, _ in net.named_parameters(remove_duplicate=False)],
        [name for name, _ in net.named_parameters("net", recurse=False)],
        [name for name, _ in net.named_buffers()],
        [name for name, _ in net.named_modules()],
        [name for name, _ in net.named_modules(remove_duplicate=False)],
        [name for name, _ in net.named_children()],
        list(net.state_dict()),
    ]


def test_members_by_name() -> None:
    net = network(tg)
    assert listing(net)[0] == ["scale", "first.weight", "first.bias", "rest.1.weight", "rest.1.bias"]
    assert [name for name, _ in net.named_buffers()][:3] == ["offset", "scratch", "tail"]
    assert len(list(net.parameters())) == 5
    assert len(list(net.buffers())) == 6
    assert len(list(net.modules())) == 5
    assert len(list(net.children())) == 2
    assert net.plain == 7
    assert net.left_out is None


@pytest.mark.torch
def test_members_are_listed_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = network(tg), network(torch)
    assert listing(mine) == listing(theirs)
    assert repr(mine) == repr(theirs)
    assert not any(mine.load_state_dict(theirs.state_dict()))


def test_an_attribute_is_what_it_was_assigned_last() -> None:
    net = nn.Module()
    net.x = 1
    net.x = nn.Parameter(tg.ones(1))
    assert list(net._parameters) == ["x"]
    net.x = nn.Parameter(tg.zeros(1))
    assert net.x.tolist() == [0.0]
    net.x = None
    assert net.x is None
    del net.x
    net.x = nn.Linear(1, 1)
    assert list(net._modules) == ["x"]
    net.x = nn.Parameter(tg.ones(1))
    assert not net._modules
    del net.x
    net.x = nn.Buffer(tg.ones(1))
    net.x = tg.zeros(2)
    assert net.get_buffer("x").tolist() == [0.0, 0.0]
    net.y = tg.ones(1)
    assert "y" not in net._buffers
    del net.y, net.x
    with pytest.raises(AttributeError, match="'Module' object has no attribute 'x'"):
        net.x


CASES: dict[str, Callable[[Any, Any], Any]] = {
    "number as parameter": lambda m, net: setattr(net, "scale", 3),
    "tensor as parameter": lambda m, net: setattr(net, "scale", m.ones(3)),
    "number as module": lambda m, net: setattr(net, "first", 3),
    "number as buffer": lambda m, net: setattr(net, "offset", 3),
    "register number as parameter": lambda m, net: net.register_parameter("new", 3),
    "register number as buffer": lambda m, net: net.register_buffer("new", 3),
    "register number as module": lambda m, net: net.add_module("new", 3),
    "taken": lambda m, net: net.register_buffer("plain", None),
    "taken by a method": lambda m, net: net.register_module("forward", m.nn.ReLU()),
    "point": lambda m, net: net.register_parameter("a.b", None),
    "point in module": lambda m, net: net.register_module("a.b", None),
    "empty": lambda m, net: net.register_buffer("", None),
    "no text": lambda m, net: net.register_buffer(5, None),
    "missing": lambda m, net: net.absent,
    "no path": lambda m, net: net.get_submodule("rest.9"),
    "no module": lambda m, net: net.get_submodule("plain"),
    "no parameter": lambda m, net: net.get_parameter("offset"),
    "no buffer": lambda m, net: net.get_buffer("scale"),
    "no name": lambda m, net: net.get_buffer("absent"),
    "no target": lambda m, net: net.set_submodule("", m.nn.ReLU()),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_is_refused_with_the_words_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:
        CASES[name](torch, network(torch))
    with pytest.raises(type(theirs.value)) as mine:
        CASES[name](tg, network(tg))
    assert str(mine.value) == str(theirs.value)


def test_paths_lead_to_members() -> None:
    net = network(tg)
    assert net.get_submodule("") is net
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.get_parameter("rest.1.weight") is net.rest[1].weight
    assert net.get_buffer("rest.1.running_mean") is net.rest[1].running_mean
    net.set_submodule("rest.0", nn.Tanh())
    assert isinstance(net.rest[0], nn.Tanh)


def test_nothing_can_be_assigned_before_the_start() -> None:
    class Early(Module):
        def __init__(self, value: Any) -> None:
            self.value = value

    for value in (nn.Parameter(tg.ones(1)), nn.ReLU(), nn.Buffer(tg.ones(1))):
        with pytest.raises(AttributeError, match=r"before Module.__init__.. call"):
            Early(value)
    assert Early(3).value == 3


def test_names_are_listed() -> None:
    names = dir(network(tg))
    assert {"first", "scale", "offset", "forward"} <= set(names)
