"""Normalizations, and the running statistics beside them."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
X = np.random.default_rng(11).standard_normal((4, 6, 5))


def standardized(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    made: np.ndarray = (x - mean) / np.sqrt(var + 1e-5)
    return made


def test_values_are_the_formulas() -> None:
    x = tg.tensor(X)
    close(F.layer_norm(x, (6, 5)), standardized(X, (1, 2)))
    close(F.batch_norm(x, None, None, training=True), standardized(X, (0, 2)))
    close(F.instance_norm(x), standardized(X, (2,)))
    close(F.group_norm(x, 3), standardized(X.reshape(4, 3, 10), (2,)).reshape(X.shape))
    close(F.rms_norm(x, (5,), eps=0.0), X / np.sqrt((X**2).mean(2, keepdims=True)))


def test_training_moves_the_running_statistics() -> None:
    mean, var = tg.zeros(6, dtype=tg.float64), tg.ones(6, dtype=tg.float64)
    F.batch_norm(tg.tensor(X), mean, var, training=True, momentum=0.25)
    close(mean, 0.25 * X.mean((0, 2)))
    close(var, 0.75 + 0.25 * X.var((0, 2), ddof=1))
    x = tg.tensor(X)
    expected = (X - mean.numpy()[:, None]) / np.sqrt(var.numpy()[:, None] + 1e-5)
    close(F.batch_norm(x, mean, var), expected)


def test_neighbouring_channels_hold_each_other_down() -> None:
    x = np.ones((1, 3, 2))
    sums = np.array([2.0, 3.0, 2.0])[None, :, None] / 3
    close(
        F.local_response_norm(tg.tensor(x), 3, alpha=1.0, beta=0.5, k=0.0),
        x / np.sqrt(sums) * np.ones_like(x),
    )


def with_statistics(t: Tensors, name: str, **options: object) -> object:
    mean, var = t.data(np.zeros(3)), t.data(np.ones(3))
    made = getattr(t.F, name)(t.leaf(4, 3, 5), mean, var, t.leaf(3), t.leaf(3), **options)
    return made, mean, var


TORCH: dict[str, Case] = {
    "layer": lambda t: t.F.layer_norm(t.leaf(2, 3, 4), (3, 4), t.leaf(3, 4), t.leaf(3, 4)),
    "layer plain": lambda t: t.m.layer_norm(t.leaf(2, 3), (3,)),
    "rms": lambda t: t.F.rms_norm(t.leaf(2, 3, 4), (4,), t.leaf(4)),
    "group": lambda t: t.F.group_norm(t.leaf(2, 4, 3), 2, t.leaf(4), t.leaf(4)),
    "batch": lambda t: with_statistics(t, "batch_norm", training=True),
    "batch running": lambda t: with_statistics(t, "batch_norm"),
    "batch matrix": lambda t: t.F.batch_norm(t.leaf(4, 3), None, None, training=True),
    "instance": lambda t: with_statistics(t, "instance_norm"),
    "instance running": lambda t: with_statistics(t, "instance_norm", use_input_stats=False),
    "response": lambda t: t.F.local_response_norm(t.leaf(2, 5, 3), 3, alpha=0.5),
    "response images": lambda t: t.F.local_response_norm(t.leaf(1, 4, 2, 2), 2, alpha=0.5),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "layer shape": lambda t: t.F.layer_norm(t.leaf(2, 3), (2,)),
    "layer weight": lambda t: t.F.layer_norm(t.leaf(2, 3), (3,), t.leaf(2)),
    "groups": lambda t: t.F.group_norm(t.leaf(2, 4, 3), 3),
    "one value": lambda t: t.F.batch_norm(t.leaf(1, 3), None, None, training=True),
    "one place": lambda t: t.F.instance_norm(t.leaf(2, 3, 1)),
    "no statistics": lambda t: t.F.batch_norm(t.leaf(4, 3), None, None),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_an_empty_batch_teaches_the_running_statistics_nothing() -> None:
    mean, variance = tg.zeros(3), tg.ones(3)
    F.batch_norm(tg.zeros(0, 3, 4), mean, variance, training=True)
    assert mean.tolist() == [0, 0, 0]
    assert variance.tolist() == [1, 1, 1]


def test_the_weight_of_rms_norm_comes_in_the_inputs_type() -> None:
    found = F.rms_norm(tg.ones(2), (2,), tg.tensor([2, 3]), eps=0.0)
    assert (found.dtype, found.tolist()) == (tg.float32, [2.0, 3.0])
    with pytest.raises(ValueError, match="at least 2 dimensions, but got 1"):
        F.rms_norm(tg.ones(2), (1, 2))
