"""Averages of a model's parameters along its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers
from tests.client.optim.lr_scheduler.schedules import agree

swa = tg.optim.swa_utils


def network(module: Any) -> Any:
    made = module.nn.Sequential(module.nn.Linear(3, 4), module.nn.BatchNorm1d(4)).double()
    set_to(module, made, 0)
    return made


def set_to(module: Any, model: Any, seed: int) -> None:
    with module.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.copy_(module.tensor(numbers(*parameter.shape, seed=10 * seed + i)))


def averaged(module: Any, *, use_buffers: bool = False, **kind: Any) -> dict[str, np.ndarray]:
    """The state after three updates."""
    model = network(module)
    kind = {name: make(module.optim.swa_utils) for name, make in kind.items()}
    mean = module.optim.swa_utils.AveragedModel(model, use_buffers=use_buffers, **kind)
    for seed in range(1, 4):
        set_to(module, model, seed)
        model(module.tensor(numbers(5, 3, seed=seed)))
        mean.update_parameters(model)
    return {name: value.numpy() for name, value in mean.state_dict().items()}


KINDS: dict[str, dict[str, Any]] = {
    "mean": {},
    "mean of buffers too": {"use_buffers": True},
    "fading": {"avg_fn": lambda m: m.get_ema_avg_fn(0.7)},
    "fading, together": {"multi_avg_fn": lambda m: m.get_ema_multi_avg_fn(0.7)},
    "mean, by name": {"avg_fn": lambda m: m.get_swa_avg_fn()},
    "mean, together": {"multi_avg_fn": lambda m: m.get_swa_multi_avg_fn()},
}


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_averages_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = averaged(tg, **KINDS[name]), averaged(torch, **KINDS[name])
    assert list(mine) == list(theirs)
    for key, value in theirs.items():
        # torch's mean of all together goes with float32 weights.
        loose = name == "mean, together"
        np.testing.assert_allclose(mine[key], value, rtol=1e-9, atol=1e-6 if loose else 0, err_msg=key)


def test_the_mean_and_the_fading_one() -> None:
    steps = [numbers(4, 3, seed=10 * seed) for seed in range(1, 4)]
    np.testing.assert_allclose(averaged(tg)["module.0.weight"], np.mean(steps, axis=0), rtol=1e-12)
    expected = steps[0]
    for step in steps[1:]:
        expected = 0.7 * expected + 0.3 * step
    np.testing.assert_allclose(averaged(tg, **KINDS["fading"])["module.0.weight"], expected, rtol=1e-12)


def test_updates_are_not_looked_at(messages: Callable[[], int]) -> None:
    model = network(tg)
    mean = swa.AveragedModel(model)
    messages()
    for _ in range(3):
        mean.update_parameters(model)
    assert messages() == 0
    assert mean.n_averaged.item() == 3
    x = tg.tensor(numbers(2, 3))
    np.testing.assert_array_equal(mean(x).detach().numpy(), model(x).detach().numpy())


def test_batch_norms_are_computed_anew() -> None:
    model = network(tg)
    batches = [numbers(6, 3, seed=i) for i in range(3)]
    swa.update_bn([(tg.tensor(b), None) for b in batches], model)
    inner = [model[0](tg.tensor(b)).detach().numpy() for b in batches]
    norm = model[1]
    np.testing.assert_allclose(norm.running_mean.numpy(), np.mean([x.mean(0) for x in inner], 0), rtol=1e-9)
    np.testing.assert_allclose(
        norm.running_var.numpy(), np.mean([x.var(0, ddof=1) for x in inner], 0), rtol=1e-9
    )
    assert norm.momentum == 0.1
    plain = tg.nn.Linear(2, 2)
    swa.update_bn([], plain)


@pytest.mark.torch
@pytest.mark.parametrize(
    "settings", [{}, {"anneal_epochs": 4, "anneal_strategy": "linear"}, {"anneal_epochs": 0}]
)
def test_rates_are_those_of_torch(settings: dict[str, Any]) -> None:
    def make(schedules: Any, optimizer: Any) -> Any:
        theirs = schedules.__name__.startswith("torch")
        module = pytest.importorskip("torch").optim.swa_utils if theirs else swa
        return module.SWALR(optimizer, swa_lr=0.05, **settings)

    agree(make)


def test_the_rate_goes_to_the_last_one_and_stays() -> None:
    optimizer = tg.optim.SGD([tg.nn.Parameter(tg.ones(1))], lr=1.0)
    schedule = swa.SWALR(optimizer, swa_lr=0.2, anneal_epochs=2, anneal_strategy="linear")
    found = []
    for _ in range(4):
        found += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    assert found == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_settings_that_make_no_sense_are_refused() -> None:
    optimizer = tg.optim.SGD([tg.nn.Parameter(tg.ones(1))], lr=1.0)
    with pytest.raises(ValueError, match=r"Invalid decay value 1\.5"):
        swa.get_ema_avg_fn(1.5)
    with pytest.raises(ValueError, match="one of 'cos' or 'linear', instead got step"):
        swa.SWALR(optimizer, 0.1, anneal_strategy="step")
    with pytest.raises(ValueError, match="equal or greater than 0, got -1"):
        swa.SWALR(optimizer, 0.1, anneal_epochs=-1)
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        swa.AveragedModel(
            tg.nn.Linear(1, 1), avg_fn=swa.get_swa_avg_fn(), multi_avg_fn=swa.get_swa_multi_avg_fn()
        )
