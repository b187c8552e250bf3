"""RMSprop: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.01, "centered": True, "momentum": 0.5}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("RMSprop", SETTINGS, (1.8262005588688284, 1.3140874230959239, 0.4967675532321869))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("RMSprop", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree(
        "RMSprop",
        {"lr": 0.01, "centered": True, "momentum": 0.5},
        {},
        {"weight_decay": 0.1, "momentum": 0.9, "centered": True},
    )


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="alpha value"):
        tg.optim.RMSprop([x], alpha=-1)
    with pytest.raises(ValueError, match="momentum value"):
        tg.optim.RMSprop([x], momentum=-1)
