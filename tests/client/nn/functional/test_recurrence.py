"""Recurrences as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers


def weights(module: Any, gates: int, biases: bool = True) -> list[Any]:
    shapes = [(4 * gates, 3), (4 * gates, 4), *([(4 * gates,)] * 2 if biases else [])]
    return [module.tensor(numbers(*shape, seed=i)) for i, shape in enumerate(shapes)]


def called(module: Any, name: str, packed: bool) -> list[np.ndarray]:
    gates = {"lstm": 4, "gru": 3}.get(name, 1)
    state = module.tensor(numbers(1, 2, 4))
    start = [state, state + 1] if name == "lstm" else state
    settings = (True, 1, 0.0, False, False)
    if packed:
        sizes = module.tensor([2, 2, 1])
        out = getattr(module, name)(
            module.tensor(numbers(5, 3)), sizes, start, weights(module, gates), *settings
        )
    else:
        out = getattr(module, name)(
            module.tensor(numbers(3, 2, 3)), start, weights(module, gates), *settings, False
        )
    return [t.numpy() for t in out]


@pytest.mark.torch
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["rnn_tanh", "rnn_relu", "lstm", "gru"])
def test_networks_are_called_as_in_torch(name: str, packed: bool) -> None:
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(called(tg, name, packed), called(torch, name, packed), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("name", ["rnn_tanh_cell", "rnn_relu_cell", "lstm_cell", "gru_cell"])
def test_cells_are_called_as_in_torch(name: str, biases: bool) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        state = module.tensor(numbers(2, 4))
        start = (state, state + 1) if name == "lstm_cell" else state
        gates = {"lstm_cell": 4, "gru_cell": 3}.get(name, 1)
        out = getattr(module, name)(module.tensor(numbers(2, 3)), start, *weights(module, gates, biases))
        found.append([t.numpy() for t in (out if isinstance(out, tuple) else [out])])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_sequences_that_end_early_keep_their_state() -> None:
    full, both = called(tg, "gru", packed=False), called(tg, "gru", packed=True)
    assert [x.shape for x in full] == [(3, 2, 4), (1, 2, 4)]
    assert [x.shape for x in both] == [(5, 4), (1, 2, 4)]
    np.testing.assert_array_equal(both[1][0, 0], both[0][4])
    np.testing.assert_array_equal(both[1][0, 1], both[0][3])


def test_relu_cells_have_torchs_derivative_at_zero() -> None:
    x = tg.zeros(1, 3, requires_grad=True)
    tg.rnn_relu_cell(x, tg.zeros(1, 4), tg.ones(4, 3), tg.ones(4, 4)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0.0, 0.0, 0.0]]


def test_weights_have_to_fit() -> None:
    with pytest.raises(RuntimeError, match="3 weights do not fit 1 layers"):
        tg.gru(tg.ones(3, 2, 3), tg.ones(1, 2, 4), [tg.ones(12, 3)] * 3, True, 1, 0.0, False, False, False)
