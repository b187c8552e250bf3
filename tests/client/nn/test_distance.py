"""Distances and similarities."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn


@pytest.mark.torch
def test_layers_are_those_of_torch() -> None:
    a, b = numbers(3, 4), numbers(3, 4, seed=1)
    agree(lambda nn: nn.CosineSimilarity(), a, b)
    agree(lambda nn: nn.CosineSimilarity(dim=0, eps=1e-3), a, b)
    agree(lambda nn: nn.PairwiseDistance(), a, b)
    agree(lambda nn: nn.PairwiseDistance(3.0, keepdim=True), a, b)


def test_angles_and_distances() -> None:
    a, b = tg.tensor([[3.0, 4.0]]), tg.tensor([[0.0, 0.0]])
    np.testing.assert_allclose(nn.CosineSimilarity()(a, a).numpy(), [1.0], rtol=1e-6)
    np.testing.assert_allclose(nn.PairwiseDistance(eps=0)(a, b).numpy(), [5.0], rtol=1e-6)
