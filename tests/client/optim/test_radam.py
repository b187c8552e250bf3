"""RAdam: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.05}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("RAdam", SETTINGS, (1.8262005588688284, 1.7584868871949013, 1.566489590012647))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("RAdam", SETTINGS, settled=8)  # from the sixth on it divides


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree(
        "RAdam",
        {"lr": 0.05},
        {},
        {"decoupled_weight_decay": True, "weight_decay": 0.1},
        {"weight_decay": 0.1},
    )


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="beta parameter at index 0"):
        tg.optim.RAdam([x], betas=(-0.5, 0.5))
