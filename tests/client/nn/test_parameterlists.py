"""Modules that hold parameters."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg

nn = tg.nn


def test_a_list_registers_its_tensors() -> None:
    held = nn.ParameterList([tg.ones(2), nn.Parameter(tg.zeros(1))])
    held.append("text")
    held += [tg.ones(3)]
    held[0] = tg.zeros(2)
    assert isinstance(held[0], nn.Parameter)
    assert held[2] == "text"
    assert held[-1].shape == (3,)
    assert [tuple(p.shape) for p in held[:2]] == [(2,), (1,)]
    assert [name for name, _ in held.named_parameters()] == ["0", "1", "3"]
    assert len(held) == 4
    with pytest.raises(TypeError, match="should be called with an iterable, but got Tensor"):
        held.extend(tg.ones(1))
    with pytest.raises(IndexError, match="index 4 is out of range"):
        held[4]
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        held()


def test_a_dict_registers_its_tensors() -> None:
    held = nn.ParameterDict({"b": tg.ones(2), "a": 5})
    held["c"] = nn.Parameter(tg.zeros(1))
    assert list(held) == list(held.keys()) == ["a", "b", "c"]
    assert list(reversed(held)) == ["c", "b", "a"]
    assert [name for name, _ in held.named_parameters()] == ["b", "c"]
    assert held.get("x", 3) == 3
    assert held.setdefault("a", 0) == 5
    assert held.setdefault("d", 8) == 8
    assert held.popitem() == ("d", 8)
    assert held.pop("a") == 5
    assert "a" not in held
    assert len(held.copy()) == 2
    assert dict(held.fromkeys(["x", "y"], 1).items()) == {"x": 1, "y": 1}
    assert list((held | nn.ParameterDict({"z": 1})).keys()) == ["b", "c", "z"]
    held |= nn.ParameterDict({"y": 2})
    assert list(held.values())[-1] == 2
    held.clear()
    assert not len(held)


def test_what_cannot_be_is_refused() -> None:
    held = nn.ParameterDict()
    with pytest.raises(KeyError, match="absent"):
        held["absent"]
    with pytest.raises(TypeError, match="not a string"):
        held[3] = 1
    with pytest.raises(TypeError, match="iterable of key/value pairs, but got int"):
        held.update(3)
    with pytest.raises(ValueError, match="element #0 has length 3; 2 is required"):
        held.update(["abc"])
    with pytest.raises(RuntimeError, match="ParameterDict should not be called"):
        held(1)


@pytest.mark.torch
def test_text_and_keys_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")

    def make(module: Any) -> Any:
        n = module.nn
        return n.Sequential(
            n.ParameterList([module.ones(2, 3), 5, module.ones(())]),
            n.ParameterDict({"b": module.ones(4), "a": "text"}),
        )

    assert repr(make(tg)) == repr(make(torch))
    assert list(make(tg).state_dict()) == list(make(torch).state_dict())
