"""nn.Module: calls, hooks, modes, conversions, text."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import telegrad as tg
from telegrad.nn import Module

nn = tg.nn


class Doubling(Module):
    def forward(self, x: Any, *, plus: float = 0.0) -> Any:
        if plus < 0:
            raise ValueError("negative")
        return 2 * x + plus


def test_calling_a_module_runs_its_forward() -> None:
    assert Doubling()(tg.tensor([1.0]), plus=1.0).tolist() == [3.0]
    with pytest.raises(
        NotImplementedError, match=r'Module .Module. is missing the required "forward" function'
    ):
        nn.Module()(1)


def test_modules_take_no_arguments_of_their_own() -> None:
    with pytest.raises(TypeError, match=r"Doubling.__init__.. takes 1 positional argument but 2 were given"):
        Doubling(1)
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'size'"):
        Doubling(size=1)


def test_hooks_before_the_forward_change_the_arguments() -> None:
    module = Doubling()
    first = module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    second = module.register_forward_pre_hook(lambda m, args: (10 * args[0],), prepend=True)
    assert module(tg.tensor(1.0)).item() == 22.0
    first.remove()
    second.remove()
    assert module(tg.tensor(1.0)).item() == 2.0
    with module.register_forward_pre_hook(lambda m, a, k: (a, {"plus": 5.0}), with_kwargs=True):
        assert module(tg.tensor(1.0)).item() == 7.0
    with (
        module.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True),
        pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"),
    ):
        module(tg.tensor(1.0))
    seen: list[Any] = []
    with module.register_forward_pre_hook(lambda m, args: seen.append(args)):
        module(tg.tensor(1.0))
    assert len(seen) == 1


def test_hooks_after_the_forward_change_the_result() -> None:
    module, seen = Doubling(), []
    with (
        module.register_forward_hook(lambda m, args, out: out + args[0]),
        module.register_forward_hook(lambda m, a, k, out: seen.append(k), with_kwargs=True),
        module.register_forward_hook(lambda m, a, out: out * 10, prepend=True),
    ):
        assert module(tg.tensor(1.0), plus=1.0).item() == 31.0
    assert seen == [{"plus": 1.0}]


def test_some_hooks_are_called_even_after_an_error() -> None:
    module, seen = Doubling(), []
    module.register_forward_hook(lambda m, a, out: seen.append("usual"))
    module.register_forward_hook(lambda m, a, out: seen.append("always"), always_call=True)
    with pytest.raises(ValueError, match="negative"):
        module(1, plus=-1)
    assert seen == ["always"]
    module.register_forward_hook(lambda m, a, out: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match="was silenced"), pytest.raises(ValueError, match="negative"):
        module(1, plus=-1)


def test_modes_reach_all_modules() -> None:
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.ReLU()))
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert net.train()[1][0].training
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train("yes")  # type: ignore[arg-type]


def test_functions_are_applied_innermost_first() -> None:
    net, seen = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())), []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["ReLU", "Tanh", "Sequential", "Sequential"]


def test_conversions_keep_the_parameters_and_their_gradients() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    weight = net[0].weight
    net(tg.randn(3, 2)).sum().backward()
    for convert, dtype in (
        (net.double, tg.float64),
        (net.half, tg.float16),
        (net.float, tg.float32),
        (lambda: net.to(tg.float64), tg.float64),
        (lambda: net.to(tg.ones(1)), tg.float32),
        (lambda: net.to("cpu", dtype=tg.float64), tg.float64),
    ):
        assert convert() is net
        assert net[0].weight is weight
        assert weight.dtype is weight.grad.dtype is net[1].running_mean.dtype is dtype
    assert weight.requires_grad
    assert net.to("cpu") is net.cpu() is net.share_memory() is net
    assert net.double()[1].num_batches_tracked.dtype is tg.int64
    net.zero_grad()
    net(tg.randn(3, 2, dtype=tg.float64)).sum().backward()
    assert weight.grad.dtype is tg.float64
    assert net.type(tg.float32)[1].num_batches_tracked.dtype is tg.float32
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        net.to(tg.int64)
    with pytest.raises(tg.errors.GraphError):
        net.cuda()


def test_gradients_are_taken_away_or_filled_with_zeros() -> None:
    net = nn.Linear(2, 1)
    net(tg.ones(2)).backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0.0, 0.0]]
    net.zero_grad()
    assert net.weight.grad is None
    assert net.requires_grad_(False) is net
    assert not net.weight.requires_grad


def test_copies_are_independent() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    net.append(net[0])
    other = copy.deepcopy(net)
    assert other[0] is other[2]
    assert other[0] is not net[0]
    assert other[0].weight.tolist() == net[0].weight.tolist()
    with tg.no_grad():
        other[0].weight.zero_()
    assert net[0].weight.abs().sum().item() > 0


def test_text_shows_settings_and_modules() -> None:
    class Shown(Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.ReLU())

        def extra_repr(self) -> str:
            return "size=3\nmode=x"

    assert repr(Shown()) == ("Shown(\n  size=3\n  mode=x\n  (inner): Sequential(\n    (0): ReLU()\n  )\n)")
    assert repr(nn.Module()) == "Module()"


def test_a_training_step_costs_one_message(messages: Any) -> None:
    tg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y = tg.randn(8, 3), tg.randn(8, 1)
    losses = []
    for _ in range(5):
        messages()
        net.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        with tg.no_grad():
            for p in net.parameters():
                p -= 0.1 * p.grad
        losses.append(loss.item())
        assert messages() <= 2
    assert losses == sorted(losses, reverse=True)
