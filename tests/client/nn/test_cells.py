"""One step of a recurrent network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, alike, numbers

nn = tg.nn
CELLS: dict[str, dict[str, Any]] = {
    "RNNCell": {},
    "RNNCell of relu": {"nonlinearity": "relu"},
    "LSTMCell": {},
    "GRUCell": {},
}


def cell(module: Any, name: str, **more: Any) -> Any:
    return getattr(module, name.split(maxsplit=1)[0])(3, 4, **CELLS[name], **more)


@pytest.mark.torch
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", CELLS)
def test_cells_are_those_of_torch(name: str, bias: bool) -> None:
    agree(lambda nn: cell(nn, name, bias=bias), numbers(2, 3))
    agree(lambda nn: cell(nn, name, bias=bias), numbers(3))


@pytest.mark.torch
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("name", CELLS)
def test_the_state_can_be_given(name: str, batch: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(lambda nn: cell(nn, name))
    found = []
    for module, network in ((tg, mine), (torch, theirs)):
        state: Any = module.tensor(numbers(*batch, 4)).requires_grad_()
        given = (state, 2 * state) if name == "LSTMCell" else state
        for step in range(3):
            given = network(module.tensor(numbers(*batch, 3, seed=step)), given)
        out: Any = given[0] + given[1] if name == "LSTMCell" else given
        out.cos().sum().backward()
        found.append((out.detach().numpy(), state.grad.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_network_is_its_cell_step_after_step(kind: str) -> None:
    network, single = getattr(nn, kind)(3, 4).double(), getattr(nn, f"{kind}Cell")(3, 4).double()
    single.load_state_dict({k.removesuffix("_l0"): v for k, v in network.state_dict().items()})
    out, _ = network(tg.tensor(numbers(5, 2, 3)))
    state = None
    for x, expected in zip(tg.tensor(numbers(5, 2, 3)), out, strict=True):
        state = single(x, state)
        shown = state[0] if kind == "LSTM" else state
        np.testing.assert_allclose(shown.detach().numpy(), expected.detach().numpy(), rtol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="GRUCell: Expected input to be 1D or 2D, got 3D instead"):
        nn.GRUCell(3, 4)(tg.ones(1, 2, 3))
    with pytest.raises(ValueError, match="RNNCell: Expected hidden to be 1D or 2D, got 3D"):
        nn.RNNCell(3, 4)(tg.ones(2, 3), tg.ones(1, 2, 4))
    with pytest.raises(ValueError, match=r"LSTMCell: Expected hx\[1\] to be 1D or 2D, got 3D"):
        nn.LSTMCell(3, 4)(tg.ones(2, 3), (tg.ones(2, 4), tg.ones(1, 2, 4)))
    with pytest.raises(RuntimeError, match="inconsistent input_size: got 2 expected 3"):
        nn.GRUCell(3, 4)(tg.ones(2, 2))
    with pytest.raises(RuntimeError, match="inconsistent hidden_size: got 5, expected 4"):
        nn.GRUCell(3, 4)(tg.ones(2, 3), tg.ones(2, 5))
    with pytest.raises(RuntimeError, match="Unknown nonlinearity: sin"):
        nn.RNNCell(3, 4, nonlinearity="sin")(tg.ones(2, 3))


def test_the_state_of_an_lstm_is_a_pair() -> None:
    cell, state = tg.nn.LSTMCell(2, 3), tg.zeros(2, 3)
    with pytest.raises(TypeError, match="must be tuple of Tensors, not Tensor"):
        cell(tg.ones(2, 2), state)
    with pytest.raises(RuntimeError, match="expects two hidden states, got 1"):
        cell(tg.ones(2, 2), (state,))


def test_the_text_says_what_is_not_usual() -> None:
    assert repr(nn.RNNCell(3, 4, bias=False, nonlinearity="relu")) == (
        "RNNCell(3, 4, bias=False, nonlinearity=relu)"
    )
    assert repr(nn.GRUCell(3, 4)) == "GRUCell(3, 4)"
