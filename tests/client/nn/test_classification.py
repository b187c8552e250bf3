"""Losses of classes as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers
from tests.client.nn.losses import CLASSES, Loss, X, agree_on_loss

nn = tg.nn

LOSSES: dict[str, Loss] = {
    "nll": ("NLLLoss", {"ignore_index": 1}, (X, CLASSES)),
    "cross entropy": ("CrossEntropyLoss", {"label_smoothing": 0.1}, (X, CLASSES)),
    "margin": ("MultiMarginLoss", {"p": 2, "margin": 0.7}, (X, CLASSES)),
    "labels margin": ("MultiLabelMarginLoss", {}, (X, np.array([[0, -1, 0]] * 4))),
}


@pytest.mark.torch
@pytest.mark.parametrize("reduction", ["sum", "none", "mean"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_torch(name: str, reduction: str) -> None:
    agree_on_loss(LOSSES[name], reduction)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
def test_weights_of_classes_are_buffers_as_in_torch(kind: str) -> None:
    torch = pytest.importorskip("torch")

    def make(nn: Any) -> Any:
        module = torch if nn is torch.nn else tg
        return getattr(nn, kind)(weight=module.tensor([0.2, 0.5, 1.0]))

    agree(make, X, CLASSES)


@pytest.mark.torch
def test_sequences_align_as_in_torch() -> None:
    logits = numbers(6, 2, 4)
    log_shares = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    targets = np.array([[1, 2, 1], [3, 3, 0]])
    agree(lambda nn: nn.CTCLoss(), log_shares, targets, np.array([6, 5]), np.array([3, 2]))


def test_the_likely_class_costs_nothing() -> None:
    logits = tg.tensor([[100.0, 0.0], [0.0, 100.0]])
    assert nn.CrossEntropyLoss()(logits, tg.tensor([0, 1])).item() == 0.0
    assert nn.CrossEntropyLoss(ignore_index=0, reduction="sum")(logits, tg.tensor([1, 0])).item() == 100.0


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="only p == 1 and p == 2 supported"):
        nn.MultiMarginLoss(p=3)
    with pytest.raises(ValueError, match="expected weight to be None or 1D tensor, got 2D instead"):
        nn.MultiMarginLoss(weight=tg.zeros(2, 2))
