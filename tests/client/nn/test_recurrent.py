"""Recurrent networks over whole sequences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording import recorder
from tests.client.nn.layers import agree, alike, numbers

nn = tg.nn
KINDS = ("RNN", "LSTM", "GRU")

SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without bias, batch first": {"bias": False, "batch_first": True},
    "two layers": {"num_layers": 2},
    "both ways": {"bidirectional": True},
    "all": {"num_layers": 3, "bidirectional": True, "batch_first": True},
}


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in KINDS:
        for settings in SETTINGS.values():
            yield kind, settings
    yield "RNN", {"nonlinearity": "relu", "num_layers": 2}
    yield "LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True}


def layer(module: Any, kind: str, settings: dict[str, Any]) -> Any:
    return getattr(module, kind)(3, 4, **settings)


@pytest.mark.torch
@pytest.mark.parametrize(("kind", "settings"), list(cases()))
def test_networks_are_those_of_torch(kind: str, settings: dict[str, Any]) -> None:
    agree(lambda nn: layer(nn, kind, settings), numbers(5, 2, 3))
    agree(lambda nn: layer(nn, kind, settings), numbers(5, 3))


@pytest.mark.torch
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_start_can_be_given(kind: str, batch: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(lambda nn: layer(nn, kind, {"num_layers": 2, "bidirectional": True}))
    parts = 2 if kind == "LSTM" else 1
    found = []
    for module, network in ((tg, mine), (torch, theirs)):
        x = module.tensor(numbers(5, *batch, 3))
        state = tuple(module.tensor(numbers(4, *batch, 4, seed=i)).requires_grad_() for i in range(parts))
        out, end = network(x, state if parts == 2 else state[0])
        (out.pow(2).sum() + sum(e.sum() for e in ([end] if parts == 1 else end))).backward()
        found.append([out.detach().numpy(), *(s.grad.numpy() for s in state)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("sorted_already", [True, False])
@pytest.mark.parametrize(("kind", "settings"), list(cases()))
def test_packed_sequences_are_gone_over_as_in_torch(
    kind: str, settings: dict[str, Any], sorted_already: bool
) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(lambda nn: layer(nn, kind, settings))
    lengths = [6, 4, 4, 1] if sorted_already else [4, 1, 6, 4]
    parts = 2 if kind == "LSTM" else 1
    sizes = [settings.get("proj_size", 4), 4][:parts]
    layers = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    found = []
    for module, network in ((tg, mine), (torch, theirs)):
        rnn = module.nn.utils.rnn
        given = [module.tensor(numbers(n, 3, seed=i)).requires_grad_() for i, n in enumerate(lengths)]
        packed = rnn.pack_sequence(given, enforce_sorted=sorted_already)
        state = tuple(module.tensor(numbers(layers, 4, size)) for size in sizes)
        out, end = network(packed, state if parts == 2 else state[0])
        padded, found_lengths = rnn.pad_packed_sequence(out)
        ends = [end] if parts == 1 else end
        (padded.cos().sum() + sum(e.sin().sum() for e in ends)).backward()
        assert found_lengths.tolist() == lengths
        found.append([t.detach().numpy() for t in (padded, *ends, *(x.grad for x in given))])
        found[-1] += [weight.grad.numpy() for weight in network.parameters()]
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def by_hand(kind: str, weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    w_ih, w_hh, b_ih, b_hh = weights
    h = c = np.zeros((x.shape[1], w_hh.shape[1]))
    out = []
    for step in x:
        a, b = step @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        if kind == "RNN":
            h = np.tanh(a + b)
        elif kind == "LSTM":
            i, f, g, o = np.split(a + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            (r, z, n), (hr, hz, hn) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
            z = sigmoid(z + hz)
            h = (1 - z) * np.tanh(n + sigmoid(r + hr) * hn) + z * h
        out.append(h)
    return np.array(out)


@pytest.mark.parametrize("kind", KINDS)
def test_the_formulas(kind: str) -> None:
    tg.manual_seed(3)
    network = layer(nn, kind, {}).double()
    out, end = network(tg.tensor(numbers(6, 2, 3)))
    expected = by_hand(kind, [w.detach().numpy() for w in network.parameters()], numbers(6, 2, 3))
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-10, atol=1e-14)
    last = end[0] if kind == "LSTM" else end
    np.testing.assert_array_equal(last.detach().numpy()[0], out.detach().numpy()[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_backwards_is_forwards_on_the_reversed_sequence(kind: str) -> None:
    both = layer(nn, kind, {"bidirectional": True}).double()
    one = layer(nn, kind, {}).double()
    one.load_state_dict(
        {k.removesuffix("_reverse"): v for k, v in both.state_dict().items() if k.endswith("_reverse")}
    )
    x = tg.tensor(numbers(5, 2, 3))
    out, _ = both(x)
    turned, _ = one(x.flip(0))
    np.testing.assert_allclose(out[..., 4:].detach().numpy(), turned.flip(0).detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_batch_is_its_sequences_one_by_one(kind: str) -> None:
    network = layer(nn, kind, {"num_layers": 2, "bidirectional": True}).double()
    given = [tg.tensor(numbers(n, 3, seed=n)) for n in (2, 5, 3)]
    packed = nn.utils.rnn.pack_sequence(given, enforce_sorted=False)
    out, end = network(packed)
    for i, (x, y) in enumerate(zip(given, nn.utils.rnn.unpack_sequence(out), strict=True)):
        alone, alone_end = network(x)
        np.testing.assert_allclose(y.detach().numpy(), alone.detach().numpy(), rtol=1e-10)
        for a, b in zip(
            end if kind == "LSTM" else [end], alone_end if kind == "LSTM" else [alone_end], strict=True
        ):
            np.testing.assert_allclose(a[:, i].detach().numpy(), b.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize(("kind", "most"), [("RNN", 5), ("LSTM", 17), ("GRU", 18)])
def test_a_step_records_a_handful_of_nodes(kind: str, most: int) -> None:
    network = layer(nn, kind, {})
    counts = []
    for steps in (10, 30):
        x = tg.tensor(numbers(steps, 2, 3).astype(np.float32))
        before = recorder.current().next_id
        network(x)
        counts.append(recorder.current().next_id - before)
    assert (counts[1] - counts[0]) / 20 <= most


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_is_carried_on_costs_no_earlier_steps(kind: str) -> None:
    network: Any = layer(nn, kind, {})
    optimizer = tg.optim.SGD(network.parameters(), lr=0.1)
    state: Any = None
    for _ in range(6):
        optimizer.zero_grad()
        out, state = network(tg.ones(3, 2, 3), state)
        out.square().mean().backward()
        optimizer.step()
        state = tuple(part.detach() for part in state) if kind == "LSTM" else state.detach()
    tg.current_session().synchronize()
    messages = list(tg.current_session().log.messages)[3:]
    assert [message.plan_cached for message in messages if message.backwards] == [True] * 3


def test_dropout_is_between_layers_and_in_training_only() -> None:
    network = nn.LSTM(3, 4, num_layers=2, dropout=1.0)
    x = tg.tensor(numbers(5, 2, 3).astype(np.float32))
    _, (hidden, _) = network(x)
    zeros, _ = nn.LSTM.forward(network.eval(), x)
    assert not np.array_equal(hidden.detach().numpy()[1], zeros.detach().numpy()[-1])
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.GRU(3, 4, dropout=0.5)


def test_parameters_start_within_the_bounds_that_the_state_sets() -> None:
    tg.manual_seed(0)
    for parameter in nn.GRU(50, 100).parameters():
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert abs(values.std() - 0.1 / 3**0.5) < 0.01


def test_weights_are_found_by_layer_and_direction() -> None:
    network = nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2)
    assert [len(own) for own in network.all_weights] == [5] * 4
    assert network.all_weights[3][0] is network.weight_ih_l1_reverse
    network.flatten_parameters()
    assert network.float().all_weights[0][4].shape == (2, 4)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "input_size": ({"input_size": 0}, "input_size must be greater than zero"),
    "hidden_size": ({"hidden_size": -1}, "hidden_size must be greater than zero"),
    "num_layers": ({"num_layers": 0}, "num_layers must be greater than zero"),
    "dropout": ({"dropout": 1.5}, "dropout should be a number in range"),
    "proj_size": ({"proj_size": 4}, "proj_size has to be smaller than hidden_size"),
    "negative proj_size": ({"proj_size": -1}, "positive integer or zero"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_make_no_sense_are_refused(name: str) -> None:
    settings, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        nn.LSTM(**{"input_size": 3, "hidden_size": 4, **settings})


def test_types_and_modes_are_checked() -> None:
    with pytest.raises(TypeError, match="bias should be of type bool, got: int"):
        nn.LSTM(3, 4, bias=1)
    with pytest.raises(TypeError, match="input_size should be of type int, got: float"):
        nn.GRU(3.0, 4)
    with pytest.raises(ValueError, match="Unknown nonlinearity 'sin'"):
        nn.RNN(3, 4, 1, "sin")
    with pytest.raises(ValueError, match="only supported for LSTM"):
        nn.GRU(3, 4, proj_size=2)
    with pytest.raises(ValueError, match="Unrecognized RNN mode: MGU"):
        nn.RNNBase("MGU", 3, 4)


def test_inputs_that_do_not_fit_are_refused() -> None:
    network = nn.LSTM(3, 4)
    with pytest.raises(ValueError, match="LSTM: Expected input to be 2D or 3D, got 1D"):
        network(tg.ones(3))
    with pytest.raises(RuntimeError, match=r"must be equal to input_size\. Expected 3, got 2"):
        network(tg.ones(5, 2, 2))
    with pytest.raises(ValueError, match="does not match weight dtype"):
        network(tg.ones(5, 2, 3, dtype=tg.float64))
    with pytest.raises(RuntimeError, match=r"Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 5\]"):
        network(tg.ones(5, 2, 3), (tg.zeros(1, 2, 4), tg.zeros(1, 2, 5)))
    with pytest.raises(RuntimeError, match=r"also be 3-D but got \(2-D, 3-D\) tensors"):
        network(tg.ones(5, 2, 3), (tg.zeros(1, 4), tg.zeros(1, 2, 4)))
    with pytest.raises(RuntimeError, match="also be 2-D but got 3-D tensor"):
        nn.GRU(3, 4)(tg.ones(5, 3), tg.zeros(1, 2, 4))
    with pytest.raises(RuntimeError, match="sequence length to be larger than 0"):
        network(tg.ones(0, 2, 3))
    one = tg.zeros(1, 2, 3)
    for mode, state, words in (
        ("LSTM", one, "lstm expects two hidden states, got 1"),
        ("LSTM", (one,) * 3, "lstm expects two hidden states, got 3"),
        ("GRU", (one, one), "gru expects one hidden state, got 2"),
    ):
        with pytest.raises(RuntimeError, match=words):
            getattr(tg.nn, mode)(2, 3)(tg.ones(4, 2, 2), state)
