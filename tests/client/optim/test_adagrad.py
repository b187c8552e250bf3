"""Adagrad: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.1}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("Adagrad", SETTINGS, (1.8262005588688284, 1.4569509644934342, 1.056899628554724))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("Adagrad", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree(
        "Adagrad",
        {"lr": 0.1},
        {},
        {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1, "maximize": True},
    )


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="lr_decay value"):
        tg.optim.Adagrad([x], lr_decay=-1)
    with pytest.raises(ValueError, match="initial_accumulator_value"):
        tg.optim.Adagrad([x], initial_accumulator_value=-1)
