"""Adamax: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.05}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("Adamax", SETTINGS, (1.8262005588688284, 1.5161561537229862, 0.922329670077418))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("Adamax", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree("Adamax", {"lr": 0.05}, {}, {"weight_decay": 0.1})


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="learning rate"):
        tg.optim.Adamax([x], lr=-1)
