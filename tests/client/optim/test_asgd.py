"""ASGD: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.1, "t0": 10}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("ASGD", SETTINGS, (1.8262005588688284, 1.6689385847322087, 1.4670546742340678))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("ASGD", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree("ASGD", {"lr": 0.1, "t0": 10}, {}, {"t0": 10.0, "weight_decay": 0.1})


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="weight_decay value"):
        tg.optim.ASGD([x], weight_decay=-1)
