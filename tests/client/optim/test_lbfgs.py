"""L-BFGS: the same steps as PyTorch's; the vectors stay on the server."""

from __future__ import annotations

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


def test_vectors_stay_where_they_are() -> None:
    params, loss = problem(tg)
    optimizer = tg.optim.LBFGS(params, max_iter=4)
    log = tg.current_session().log

    def closure() -> tg.Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)
    assert all(m.fetches <= 6 for m in log.messages)
    assert log.count <= 5 * 4


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
