"""L-BFGS: the same steps as PyTorch's; the vectors stay on the server."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from tests.client.optim.training import problem, train

SEARCH = {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 3}


@pytest.mark.torch
def test_as_torch_trains() -> None:
    torch = pytest.importorskip("torch")
    for settings in ({"lr": 0.1, "max_iter": 3, "history_size": 4}, SEARCH):
        mine, theirs = train(tg, "LBFGS", settings, 12), train(torch, "LBFGS", settings, 12)
        assert mine.losses == pytest.approx(theirs.losses, rel=1e-9)
        state = theirs.optimizer.state_dict()["state"][0]
        held = mine.optimizer.state_dict()["state"][0]
        assert held["n_iter"] == state["n_iter"]
        assert held["func_evals"] == state["func_evals"]


def test_it_gets_to_the_minimum() -> None:
    x = tg.tensor([-1.2, 1.0], dtype=tg.float64, requires_grad=True)
    optimizer = tg.optim.LBFGS([x], max_iter=60, line_search_fn="strong_wolfe")

    def rosenbrock() -> tg.Tensor:
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    optimizer.step(rosenbrock)
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-4)


@pytest.mark.parametrize("settings", [{"lr": 0.1}, {"lr": 0.1, "line_search_fn": "strong_wolfe"}])
def test_an_evaluation_is_one_message(settings: dict[str, Any]) -> None:
    params, loss = problem(tg)
    optimizer = tg.optim.LBFGS(params, max_iter=8, **settings)
    log = tg.current_session().log
    evaluations = 0

    def closure() -> tg.Tensor:
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    start = log.count
    for _ in range(3):
        optimizer.step(closure)
    state = optimizer.state_dict()["state"][0]
    assert state["n_iter"] > 10
    assert state["func_evals"] == evaluations
    assert log.count - start == evaluations
    assert all(m.fetches <= 7 for m in log.messages)  # numbers


def test_losses_that_are_no_scalars() -> None:
    found = []
    for made in (lambda x: x, lambda x: x.reshape(1), lambda x: x.item()):
        params, loss = problem(tg)
        optimizer = tg.optim.LBFGS(params, max_iter=4, lr=0.1)

        def closure(made: Any = made, loss: Any = loss, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return made(value)

        optimizer.step(closure)
        found.append(params[0].tolist())
    assert found[0] == found[1] == found[2]


def test_one_group_and_one_kind_of_search() -> None:
    a, b = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        tg.optim.LBFGS([{"params": [a]}, {"params": [b]}])
    optimizer = tg.optim.LBFGS([a], line_search_fn="golden")

    def closure() -> tg.Tensor:
        loss = (a * a).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optimizer.step(closure)


def test_a_long_history_plans_seldom() -> None:
    params, loss = problem(tg)
    optimizer = tg.optim.LBFGS(params, lr=0.05, max_iter=1, tolerance_change=0, tolerance_grad=0)
    log = tg.current_session().log

    def closure() -> tg.Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    for _ in range(40):
        optimizer.step(closure)
    new = [m for m in log.messages if m.plan_cached is False]
    assert optimizer.state_dict()["state"][0]["n_iter"] == 40
    assert len(optimizer.state_dict()["state"][0]["old_dirs"]) == 39
    assert len(new) < 25  # the room doubled four times


@pytest.mark.torch
def test_a_long_history_trains_as_torch() -> None:
    torch = pytest.importorskip("torch")
    settings = {"lr": 0.1, "max_iter": 2}
    mine, theirs = train(tg, "LBFGS", settings), train(torch, "LBFGS", settings)
    assert mine.losses == pytest.approx(theirs.losses, rel=1e-9)
    for a, b in zip(mine.params, theirs.params, strict=True):
        assert a.reshape(-1).tolist() == pytest.approx(b.reshape(-1).tolist(), rel=1e-9)


@pytest.mark.torch
def test_a_state_travels_to_torch_and_back() -> None:
    torch = pytest.importorskip("torch")
    settings = {"lr": 0.1, "max_iter": 3, "history_size": 4}
    mine, theirs = train(tg, "LBFGS", settings, 5), train(torch, "LBFGS", settings, 5)
    saved, wanted = mine.optimizer.state_dict(), theirs.optimizer.state_dict()
    for name in ("old_dirs", "old_stps", "ro"):
        for a, b in zip(saved["state"][0][name], wanted["state"][0][name], strict=True):
            assert a.tolist() == pytest.approx(b.tolist(), rel=1e-7)
    params, loss = problem(tg)
    for param, value in zip(params, mine.params, strict=True):
        param.data.copy_(tg.tensor(value))
    again = tg.optim.LBFGS(params, **settings)
    again.load_state_dict(saved)
    other = tg.optim.LBFGS(params, **settings)
    other.load_state_dict(wanted)

    def closure() -> tg.Tensor:
        again.zero_grad()
        value = loss()
        value.backward()
        return value

    again.step(closure)
    assert loss().item() == pytest.approx(train(tg, "LBFGS", settings, 7).losses[6], rel=1e-9)
