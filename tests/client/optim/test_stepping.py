"""What a step costs, and the arithmetic that steps are written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.optim import stepping
from tests.client.optim.training import problem


def test_without_a_look_a_step_costs_what_its_backward_does(messages: Callable[[], int]) -> None:
    params, loss = problem(tg)
    optimizer = tg.optim.Adam(params)
    messages()
    for _ in range(5):
        optimizer.zero_grad()
        loss().backward()
        assert messages() == 1
        optimizer.step()
        assert messages() == 0


EVERY: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adagrad", {"lr_decay": 0.1}),
    ("Adadelta", {}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("NAdam", {}),
    ("Adamax", {}),
    ("ASGD", {}),
    ("RAdam", {}),
    ("Rprop", {}),
]


@pytest.mark.parametrize(("name", "settings"), EVERY)
@pytest.mark.parametrize("looking", [True, False])
def test_a_step_is_one_round_trip_or_none(name: str, settings: dict[str, Any], looking: bool) -> None:
    params, loss = problem(tg)
    optimizer = getattr(tg.optim, name)(params, **({"lr": 1e-3} if name == "SGD" else {}), **settings)
    log = tg.current_session().log
    sent, looked = [], []
    for _ in range(16):
        before, looks = log.count, sum(m.fetches for m in log.messages)
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        if looking:
            value.item()
        sent.append(log.count - before)
        looked.append(sum(m.fetches for m in log.messages) - looks)
    assert sent == [1] * 16
    # The loss, and small gradients, come along with the message; parameters and state stay where they are.
    assert max(looked) <= 1 + len(params)
    held = [t for state in optimizer.state.values() for t in state.values() if isinstance(t, tg.Tensor)]
    for tensor in (*params, *held):
        if tensor.numel() > 1:
            assert tensor._refresh().local is None
    # RAdam rectifies from its sixth step on: there the plan changes once.
    new = [i for i, m in enumerate(log.messages) if m.plan_cached is False]
    assert all(i < 4 or (name == "RAdam" and i < 9) for i in new), new


def test_what_only_gathers_is_computed_as_it_goes() -> None:
    params, loss = problem(tg)
    optimizer = tg.optim.ASGD(params)  # its averages are read by nobody until the end
    for _ in range(30):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    optimizer.state[params[0]]["ax"].numpy()
    last = tg.current_session().log.messages[-1]
    assert last.nodes < 100
    assert last.execute_s < 0.1


def test_parameters_stay_the_same_tensors_and_leaves() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    seen = x.detach()
    optimizer = tg.optim.SGD([x], lr=0.5)
    (x * x).sum().backward()
    version = x._version
    optimizer.step()
    assert x.is_leaf
    assert x.requires_grad
    assert x._version == version + 1
    assert seen.tolist() == x.tolist() == [0.0, 0.0]


def test_a_rate_may_be_a_tensor_and_a_step_be_differentiated() -> None:
    rate = tg.tensor(0.1, requires_grad=True)
    x = tg.tensor([3.0], requires_grad=True)
    inner = x.clone()
    optimizer = tg.optim.SGD([inner], lr=rate, differentiable=True)
    inner.grad = tg.tensor([2.0])
    optimizer.step()
    inner.sum().backward()
    assert rate.grad.item() == pytest.approx(-2.0)
    assert x.grad.tolist() == [1.0]
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        stepping.check_lr(tg.ones(2))


def test_counts_are_known_here(messages: Callable[[], int]) -> None:
    state = {"step": stepping.count()}
    assert [stepping.advance(state) for _ in range(3)] == [1.0, 2.0, 3.0]
    assert state["step"].dtype is tg.float32
    assert messages() == 0
    tg.set_default_dtype(tg.float64)
    assert stepping.count().dtype is tg.float64


def test_averages() -> None:
    a, g = tg.tensor([1.0, -2.0]), tg.tensor([3.0, 5.0])
    for share in (0.25, 0.75):
        np.testing.assert_allclose(
            stepping.moved(a, g, share).numpy(), (1 - share) * a.numpy() + share * g.numpy()
        )
    np.testing.assert_allclose(stepping.squares(a, g, 0.5).numpy(), [5.0, 11.5])
    np.testing.assert_allclose(stepping.add_ratio(a, g, tg.tensor([2.0, 2.0]), -2).numpy(), [-2.0, -7.0])
    assert stepping.decayed(g, a, 0) is g
