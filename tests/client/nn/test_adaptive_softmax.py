"""A softmax over many classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, alike, numbers

nn = tg.nn
TARGETS = np.array([0, 1, 4, 7, 9, 2])
LAYERS: dict[str, Make] = {
    "two clusters": lambda nn: nn.AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5]),
    "one cluster, bias": lambda nn: nn.AdaptiveLogSoftmaxWithLoss(16, 10, [4], 2.0, head_bias=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str) -> None:
    agree(LAYERS[name], numbers(6, 16), TARGETS)
    agree(LAYERS[name], numbers(16), np.array(7))


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_all_probabilities_and_predictions_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(LAYERS[name])
    x = 3 * numbers(20, 16)
    expected = theirs.log_prob(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mine.log_prob(tg.tensor(x)).detach().numpy(), expected, rtol=1e-10)
    assert mine.predict(tg.tensor(x)).tolist() == theirs.predict(torch.tensor(x)).tolist()


def made() -> Any:
    tg.manual_seed(2)
    return LAYERS["two clusters"](nn).double()


def test_probabilities_add_up_to_1_and_the_targets_are_among_them() -> None:
    layer, x = made(), tg.tensor(numbers(6, 16))
    every = layer.log_prob(x).detach().numpy()
    np.testing.assert_allclose(np.exp(every).sum(axis=1), 1, rtol=1e-12)
    output, loss = layer(x, tg.tensor(TARGETS))
    np.testing.assert_allclose(output.detach().numpy(), every[range(6), TARGETS], rtol=1e-12)
    assert loss.item() == pytest.approx(-output.detach().numpy().mean())
    assert layer(x, tg.tensor(TARGETS)).loss.item() == loss.item()


def test_predictions_are_the_likeliest_classes() -> None:
    layer, x = made(), tg.tensor(5 * numbers(40, 16))
    head = layer.head(x).argmax(dim=1)
    likeliest = layer.log_prob(x).argmax(dim=1)
    expected = [b if a >= 2 else a for a, b in zip(head.tolist(), likeliest.tolist(), strict=True)]
    assert layer.predict(x).tolist() == expected


def test_parameters_can_be_drawn_anew() -> None:
    layer = made()
    before = [p.tolist() for p in layer.parameters()]
    layer.reset_parameters()
    assert all(a != p.tolist() for a, p in zip(before, layer.parameters(), strict=True))


def test_targets_that_are_no_class_are_found_when_it_is_computed() -> None:
    layer = made()
    loss = layer(tg.tensor(numbers(1, 16)), tg.tensor([10])).loss
    with pytest.raises(RuntimeError, match=r"Target values should be in \[0, 9\]"):
        loss.item()


def test_what_does_not_fit_is_refused() -> None:
    layer = made()
    x = tg.tensor(numbers(6, 16))
    with pytest.raises(RuntimeError, match="same size in the batch dimension"):
        layer(x, tg.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="0D target tensor expects 1D input"):
        layer(x, tg.tensor(1))
    with pytest.raises(RuntimeError, match="1D target tensor expects 2D input"):
        layer(tg.ones(2, 3, 4), tg.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="multi-target not supported"):
        layer(x, tg.tensor([[1]]))


@pytest.mark.parametrize("cutoffs", [[], [5, 2], [0, 3], [3, 10], [2, 2], [2.5]])
def test_cutoffs_have_to_grow(cutoffs: list[Any]) -> None:
    with pytest.raises(ValueError, match="cutoffs should be a sequence of"):
        nn.AdaptiveLogSoftmaxWithLoss(16, 10, cutoffs)
