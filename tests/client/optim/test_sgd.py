"""SGD: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.1, "momentum": 0.9, "nesterov": True}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("SGD", SETTINGS, (1.8262005588688284, 1.5251906257010897, 0.9736799764976745))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("SGD", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree(
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1},
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        {"lr": 0.01, "maximize": True},
    )


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="learning rate: -1"):
        tg.optim.SGD([x], lr=-1)
    with pytest.raises(ValueError, match="momentum value"):
        tg.optim.SGD([x], momentum=-1)
    with pytest.raises(ValueError, match="Nesterov momentum requires"):
        tg.optim.SGD([x], nesterov=True)
