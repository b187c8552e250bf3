"""Losses of how things compare as modules."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.nn.losses import SHARES, SIGNS, Loss, X, Y, agree_on_loss

nn = tg.nn

LOSSES: dict[str, Loss] = {
    "hinge": ("HingeEmbeddingLoss", {"margin": 0.5}, (X[:, 0].copy(), SIGNS)),
    "cosine": ("CosineEmbeddingLoss", {"margin": 0.1}, (X, Y, SIGNS)),
    "ranking": ("MarginRankingLoss", {"margin": 0.1}, (X[:, 0].copy(), Y[:, 0].copy(), SIGNS)),
    "triplet": ("TripletMarginLoss", {"swap": True}, (X, Y, SHARES)),
    "triplet distance": ("TripletMarginWithDistanceLoss", {"margin": 2.0}, (X, Y, SHARES)),
}


@pytest.mark.torch
@pytest.mark.parametrize("reduction", ["sum", "none", "mean"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_torch(name: str, reduction: str) -> None:
    agree_on_loss(LOSSES[name], reduction)


def test_what_keeps_its_margin_costs_nothing() -> None:
    far, near = tg.tensor([[9.0, 0.0]]), tg.tensor([[1.0, 0.0]])
    assert nn.TripletMarginLoss()(tg.zeros(1, 2), near, far).item() == 0.0
    assert (
        nn.MarginRankingLoss(margin=2.0)(tg.tensor([3.0]), tg.tensor([2.0]), tg.tensor([1.0])).item() == 1.0
    )


def test_settings_that_cannot_be_are_refused() -> None:
    for kind in (nn.TripletMarginLoss, nn.TripletMarginWithDistanceLoss):
        with pytest.raises(ValueError, match="expected margin to be greater than 0, got -1"):
            kind(margin=-1)
