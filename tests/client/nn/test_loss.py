"""Losses of an element and its target as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree
from tests.client.nn.losses import BITS, SHARES, Loss, X, Y, agree_on_loss

nn = tg.nn

LOSSES: dict[str, Loss] = {
    "l1": ("L1Loss", {}, (X, Y)),
    "mse": ("MSELoss", {}, (X, Y)),
    "smooth": ("SmoothL1Loss", {"beta": 0.5}, (X, Y)),
    "huber": ("HuberLoss", {"delta": 0.5}, (X, Y)),
    "soft margin": ("SoftMarginLoss", {}, (X, np.sign(Y))),
    "labels soft": ("MultiLabelSoftMarginLoss", {}, (X, BITS)),
    "poisson": ("PoissonNLLLoss", {"full": True}, (X, np.abs(Y))),
    "gaussian": ("GaussianNLLLoss", {"full": True}, (X, Y, SHARES)),
    "kl": ("KLDivLoss", {"log_target": True}, (X, Y)),
    "bce": ("BCELoss", {}, (SHARES, BITS)),
    "bce logits": ("BCEWithLogitsLoss", {}, (X, BITS)),
}


@pytest.mark.torch
@pytest.mark.parametrize("reduction", ["sum", "none", "mean"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_torch(name: str, reduction: str) -> None:
    agree_on_loss(LOSSES[name], "batchmean" if name == "kl" and reduction == "mean" else reduction)


@pytest.mark.torch
def test_weights_of_answers_are_buffers_as_in_torch() -> None:
    torch = pytest.importorskip("torch")

    def make(nn: Any) -> Any:
        module = torch if nn is torch.nn else tg
        weights = [module.tensor([0.2, 0.5, 1.0]) for _ in range(2)]
        return nn.BCEWithLogitsLoss(weights[0], pos_weight=weights[1])

    agree(make, X, BITS)


def test_the_old_words_for_the_reduction() -> None:
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_losses_of_numbers_that_are_known() -> None:
    x = tg.tensor([1.0, 3.0])
    assert nn.MSELoss()(x, tg.zeros(2)).item() == 5.0
    assert nn.L1Loss(reduction="sum")(x, tg.zeros(2)).item() == 4.0


def test_a_delta_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="delta must be a float or int"):
        nn.HuberLoss(delta="1")
