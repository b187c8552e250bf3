"""Tables whose rows integers name."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree

nn = tg.nn

INDEX = np.array([[0, 2, 1], [4, 4, 2]])


@pytest.mark.torch
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding_idx": 2},
        {"padding_idx": -1},
        {"max_norm": 1.0},
        {"max_norm": 1.0, "norm_type": 1.0},
        {"scale_grad_by_freq": True},
    ],
)
def test_embeddings_are_those_of_torch(settings: dict[str, object]) -> None:
    agree(lambda nn: nn.Embedding(5, 3, **settings), INDEX)


@pytest.mark.torch
@pytest.mark.parametrize(
    "settings",
    [{}, {"mode": "sum"}, {"mode": "max"}, {"padding_idx": 2}, {"mode": "sum", "scale_grad_by_freq": True}],
)
def test_bags_are_those_of_torch(settings: dict[str, object]) -> None:
    agree(lambda nn: nn.EmbeddingBag(5, 3, **settings), INDEX)
    agree(lambda nn: nn.EmbeddingBag(5, 3, **settings), INDEX.reshape(-1), np.array([0, 2, 5]))


def test_the_row_that_pads_is_zeros_and_is_not_trained() -> None:
    table = nn.Embedding(4, 2, padding_idx=1)
    assert table.weight[1].tolist() == [0.0, 0.0]
    table(tg.tensor([1, 2])).sum().backward()
    assert table.weight.grad.tolist() == [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
def test_a_given_table_is_frozen_unless_that_is_said(kind: str) -> None:
    rows = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    table = getattr(nn, kind).from_pretrained(rows)
    assert table(tg.tensor([[1]])).squeeze().tolist() == [3.0, 4.0]
    assert not table.weight.requires_grad
    assert getattr(nn, kind).from_pretrained(rows, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
        getattr(nn, kind).from_pretrained(tg.zeros(3))


def test_rows_and_shapes_have_to_fit() -> None:
    with pytest.raises(AssertionError, match="must be within num_embeddings"):
        nn.Embedding(3, 2, padding_idx=3)
    with pytest.raises(AssertionError, match="Shape of weight does not match"):
        nn.Embedding(3, 2, _weight=tg.zeros(2, 2))
