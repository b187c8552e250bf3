"""Losses as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn

X, Y = numbers(4, 3), numbers(4, 3, seed=1)
SIGNS = np.sign(numbers(4, seed=2))
CLASSES = np.array([0, 2, 1, 2])
SHARES = 1 / (1 + np.exp(-X))
BITS = (Y > 0).astype(float)

LOSSES: dict[str, tuple[str, dict[str, object], tuple[object, ...]]] = {
    "l1": ("L1Loss", {}, (X, Y)),
    "mse": ("MSELoss", {}, (X, Y)),
    "smooth": ("SmoothL1Loss", {"beta": 0.5}, (X, Y)),
    "huber": ("HuberLoss", {"delta": 0.5}, (X, Y)),
    "soft margin": ("SoftMarginLoss", {}, (X, np.sign(Y))),
    "labels margin": ("MultiLabelMarginLoss", {}, (X, np.array([[0, -1, 0]] * 4))),
    "labels soft": ("MultiLabelSoftMarginLoss", {}, (X, BITS)),
    "nll": ("NLLLoss", {"ignore_index": 1}, (X, CLASSES)),
    "cross entropy": ("CrossEntropyLoss", {"label_smoothing": 0.1}, (X, CLASSES)),
    "poisson": ("PoissonNLLLoss", {"full": True}, (X, np.abs(Y))),
    "gaussian": ("GaussianNLLLoss", {"full": True}, (X, Y, SHARES)),
    "kl": ("KLDivLoss", {"log_target": True}, (X, Y)),
    "bce": ("BCELoss", {}, (SHARES, BITS)),
    "bce logits": ("BCEWithLogitsLoss", {}, (X, BITS)),
    "hinge": ("HingeEmbeddingLoss", {"margin": 0.5}, (X[:, 0].copy(), SIGNS)),
    "cosine": ("CosineEmbeddingLoss", {"margin": 0.1}, (X, Y, SIGNS)),
    "ranking": ("MarginRankingLoss", {"margin": 0.1}, (X[:, 0].copy(), Y[:, 0].copy(), SIGNS)),
    "margin": ("MultiMarginLoss", {"p": 2, "margin": 0.7}, (X, CLASSES)),
    "triplet": ("TripletMarginLoss", {"swap": True}, (X, Y, SHARES)),
    "triplet distance": ("TripletMarginWithDistanceLoss", {"margin": 2.0}, (X, Y, SHARES)),
}


@pytest.mark.torch
@pytest.mark.parametrize("reduction", ["sum", "none", "mean"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_torch(name: str, reduction: str) -> None:
    kind, settings, inputs = LOSSES[name]
    chosen = "batchmean" if name == "kl" and reduction == "mean" else reduction
    agree(lambda nn: getattr(nn, kind)(**settings, reduction=chosen), *inputs, leaves=1)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
def test_weights_of_classes_are_buffers_as_in_torch(kind: str) -> None:
    torch = pytest.importorskip("torch")

    def make(nn: Any) -> Any:
        module = torch if nn is torch.nn else tg
        return getattr(nn, kind)(weight=module.tensor([0.2, 0.5, 1.0]))

    agree(make, X, CLASSES)


@pytest.mark.torch
def test_weights_of_answers_are_buffers_as_in_torch() -> None:
    torch = pytest.importorskip("torch")

    def make(nn: Any) -> Any:
        module = torch if nn is torch.nn else tg
        weights = [module.tensor([0.2, 0.5, 1.0]) for _ in range(2)]
        return nn.BCEWithLogitsLoss(weights[0], pos_weight=weights[1])

    agree(make, X, BITS)


@pytest.mark.torch
def test_sequences_align_as_in_torch() -> None:
    logits = numbers(6, 2, 4)
    log_shares = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    targets = np.array([[1, 2, 1], [3, 3, 0]])
    agree(lambda nn: nn.CTCLoss(), log_shares, targets, np.array([6, 5]), np.array([3, 2]))


def test_the_old_words_for_the_reduction() -> None:
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_losses_of_numbers_that_are_known() -> None:
    x = tg.tensor([1.0, 3.0])
    assert nn.MSELoss()(x, tg.zeros(2)).item() == 5.0
    assert nn.L1Loss(reduction="sum")(x, tg.zeros(2)).item() == 4.0


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(TypeError, match="delta must be a float or int"):
        nn.HuberLoss(delta="1")
    with pytest.raises(ValueError, match="only p == 1 and p == 2 supported"):
        nn.MultiMarginLoss(p=3)
    with pytest.raises(ValueError, match="expected weight to be None or 1D tensor, got 2D instead"):
        nn.MultiMarginLoss(weight=tg.zeros(2, 2))
    for kind in (nn.TripletMarginLoss, nn.TripletMarginWithDistanceLoss):
        with pytest.raises(ValueError, match="expected margin to be greater than 0, got -1"):
            kind(margin=-1)
