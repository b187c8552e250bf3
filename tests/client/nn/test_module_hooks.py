"""Hooks of all modules, beside torch's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import telegrad as tg
from telegrad.nn.module_hooks import BACKWARD, BACKWARD_PRE, FORWARD, FORWARD_PRE, hooked


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    assert not FORWARD
    assert not FORWARD_PRE
    assert not BACKWARD
    assert not BACKWARD_PRE


def _seen(module: Any) -> list[str]:
    """What hooks of all modules, and of one, see of a step."""
    everywhere = module.nn.modules.module
    seen: list[str] = []

    def note(what: str, value: Any = None) -> Any:
        def hook(layer: Any, *args: Any) -> Any:
            seen.append(f"{what} of {type(layer).__name__}, {len(args)}")
            return value

        return hook

    model = module.nn.Sequential(module.nn.Linear(2, 2), module.nn.Tanh())
    with ExitStack() as handles:
        for name in ("forward_pre", "forward", "full_backward_pre", "full_backward"):
            handles.enter_context(getattr(everywhere, f"register_module_{name}_hook")(note(name)))
        model[0].register_forward_hook(note("own forward"))
        model[0].register_forward_pre_hook(note("own pre"), prepend=True)
        x = module.ones(3, 2, requires_grad=True)
        model(x).sum().backward()
    seen.append("removed")
    model[1](x)
    return seen


def test_hooks_of_all_modules_are_called_as_torchs() -> None:
    torch = pytest.importorskip("torch")
    assert _seen(tg) == _seen(torch)


def test_they_change_what_flows() -> None:
    everywhere = tg.nn.modules.module
    layer = tg.nn.Tanh()
    with (
        everywhere.register_module_forward_pre_hook(lambda module, args: (args[0] * 0,)),
        everywhere.register_module_forward_hook(lambda module, args, kwargs, y: y + 1, with_kwargs=True),
        everywhere.register_module_full_backward_hook(lambda module, gi, go: (gi[0] * 0 + 5,)),
    ):
        x = tg.ones(2, requires_grad=True)
        y = layer(x)
        assert y.tolist() == [1.0, 1.0]
        y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]
    assert layer(tg.zeros(1)).tolist() == [0.0]


def test_one_may_be_called_in_any_case() -> None:
    called = []

    class Failing(tg.nn.Module):
        def forward(self, x: Any) -> Any:
            raise ValueError("no")

    hook = tg.nn.modules.module.register_module_forward_hook(lambda *_: called.append(1), always_call=True)
    with hook, pytest.raises(ValueError, match="no"):
        Failing()(tg.ones(1))
    assert called == [1]


def test_the_order() -> None:
    hooks: dict[int, Any] = {}
    hooked(hooks, "first")  # type: ignore[arg-type]
    hooked(hooks, "second", prepend=True)  # type: ignore[arg-type]
    assert list(hooks.values()) == ["second", "first"]
