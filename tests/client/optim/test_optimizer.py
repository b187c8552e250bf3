"""Groups, states and hooks of optimisers."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.interop.torch import to_torch
from telegrad.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from tests.client.optim.training import problem


def leaf() -> tg.Tensor:
    return tg.ones(2, requires_grad=True)


def test_groups_have_settings_of_their_own() -> None:
    a, b, c = leaf(), leaf(), leaf()
    optimizer = tg.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 1.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 1.0]
    (a + b + c).sum().backward()
    optimizer.step()
    assert [round(x[0].item(), 6) for x in (a, b, c)] == [0.9, 0.5, 0.0]
    assert "Parameter Group 2" in repr(optimizer)


def test_names() -> None:
    a, b = leaf(), leaf()
    optimizer = tg.optim.SGD([("a", a), ("b", b)])
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    with pytest.raises(ValueError, match="without names"):
        optimizer.add_param_group({"params": [leaf()]})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (list, "empty parameter list"),
        (lambda: [leaf() * 2], "can't optimize a non-leaf Tensor"),
        (lambda: [("a", leaf()), leaf()], "Some param names are missing"),
        (leaf, "params argument given to the optimizer"),
        (lambda: [1.0], "can only optimize Tensors"),
        (lambda: [{"params": {leaf()}}], "ordered collections"),
    ],
)
def test_wrong_parameters(params: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        tg.optim.SGD(params())


def test_a_parameter_is_in_one_group() -> None:
    a = leaf()
    with pytest.raises(ValueError, match="more than one parameter group"):
        tg.optim.SGD([{"params": [a]}, {"params": [a]}])
    with pytest.warns(UserWarning, match="duplicate parameters"):
        tg.optim.SGD([a, a])
    with pytest.raises(TypeError, match="param_group must be a dict"):
        tg.optim.SGD([a]).add_param_group([leaf()])


def test_gradients_are_forgotten_or_zeros() -> None:
    a = leaf()
    optimizer = tg.optim.SGD([a])
    a.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert a.grad is None
    optimizer.step()
    assert a.tolist() == [1.0, 1.0]


def test_a_state_goes_on_elsewhere() -> None:
    def run(steps: int, state: Any = None, at: list[Any] | None = None) -> tuple[list[Any], Any]:
        params, loss = problem(tg)
        if at is not None:
            with tg.no_grad():
                for param, value in zip(params, at, strict=True):
                    param.copy_(value)
        optimizer = tg.optim.Adam(params, lr=0.05)
        if state is not None:
            optimizer.load_state_dict(state)
        for _ in range(steps):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
        return params, optimizer

    whole, _ = run(6)
    half, optimizer = run(3)
    rest, _ = run(3, optimizer.state_dict(), [x.detach().clone() for x in half])
    for a, b in zip(whole, rest, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_states_that_do_not_fit() -> None:
    a, b = leaf(), leaf()
    state = tg.optim.SGD([a]).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        tg.optim.SGD([{"params": [a]}, {"params": [b]}]).load_state_dict(state)
    with pytest.raises(ValueError, match="doesn't match the size"):
        tg.optim.SGD([a, b]).load_state_dict(state)


@pytest.mark.torch
def test_a_state_of_torch_goes_on_here() -> None:
    torch = pytest.importorskip("torch")
    theirs, their_loss = problem(torch)
    mine, my_loss = problem(tg)
    other, optimizer = torch.optim.Adam(theirs), tg.optim.Adam(mine)
    for _ in range(3):
        other.zero_grad()
        their_loss().backward()
        other.step()
    optimizer.load_state_dict(other.state_dict())
    with tg.no_grad():
        for a, b in zip(mine, theirs, strict=True):
            a.copy_(tg.tensor(b.detach().numpy()))
    for chosen, loss in ((other, their_loss), (optimizer, my_loss)):
        chosen.zero_grad()
        loss().backward()
        chosen.step()
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-13)


KINDS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9, "nesterov": True, "lr": 0.1},
    "Adagrad": {},
    "Adadelta": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Adamax": {},
    "NAdam": {},
    "RAdam": {},
    "ASGD": {"t0": 1},
    "Rprop": {},
    "LBFGS": {"max_iter": 4, "line_search_fn": "strong_wolfe"},
}


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_states_go_on_here_and_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch")

    def three_steps(params: list[Any], loss: Any, chosen: Any) -> list[np.ndarray]:
        def closure() -> Any:
            chosen.zero_grad()
            value = loss()
            value.backward()
            return value

        for _ in range(3):
            chosen.step(closure)
        return [x.detach().numpy().copy() for x in params]

    def go_on(module: Any, values: list[np.ndarray], state: dict[str, Any]) -> list[np.ndarray]:
        params, loss = problem(module)
        with module.no_grad():
            for x, value in zip(params, values, strict=True):
                x.copy_(module.tensor(value))
        chosen = getattr(module.optim, name)(params, **KINDS[name])
        chosen.load_state_dict(state)
        return three_steps(params, loss, chosen)

    params, loss = problem(torch)
    chosen = getattr(torch.optim, name)(params, **KINDS[name])
    values = three_steps(params, loss, chosen)
    theirs = deepcopy(chosen.state_dict())
    wanted = three_steps(params, loss, chosen)
    here = getattr(tg.optim, name)
    mine, my_loss = problem(tg)
    my_optimizer = here(mine, **KINDS[name])
    my_values = three_steps(mine, my_loss, my_optimizer)
    my_state = to_torch(my_optimizer.state_dict())
    assert my_state["param_groups"] == theirs["param_groups"]
    for key, state in theirs["state"].items():
        assert set(my_state["state"][key]) == set(state)
    for found in (go_on(tg, values, theirs), go_on(torch, my_values, my_state)):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_hooks_of_every_optimizer() -> None:
    seen: list[Any] = []
    handles = [
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("before")),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("after")),
    ]
    tg.optim.SGD([leaf()]).step()
    tg.optim.Adam([leaf()]).step()
    for handle in handles:
        handle.remove()
    tg.optim.SGD([leaf()]).step()
    assert seen == ["before", "after"] * 2


def test_groups_are_printed_apart() -> None:
    text = repr(tg.optim.SGD([{"params": [leaf()]}, {"params": [leaf()], "lr": 0.5}], lr=0.1))
    assert "weight_decay: 0\n\nParameter Group 1\n" in text
    assert "SGD (\nParameter Group 0\n" in text


def test_hooks() -> None:
    a = leaf()
    optimizer = tg.optim.SGD([a])
    seen: list[str] = []
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("saving"))
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, state: seen.append(f"loading {state['more']}"))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("second"))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("first"), prepend=True)
    optimizer.step()
    handle.remove()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["before", "after", "after", "saving", "loading 1", "first", "second"]


def test_an_optimizer_of_the_user() -> None:
    class Halving(tg.optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            with tg.no_grad():
                for group in self.param_groups:
                    for param in group["params"]:
                        param.mul_(group["by"])

    a = leaf()
    Halving([a], {"by": 0.5}).step()
    assert a.tolist() == [0.5, 0.5]
