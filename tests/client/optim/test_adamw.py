"""AdamW: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.05}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("AdamW", SETTINGS, (1.8262005588688284, 1.4979840729556733, 0.6150307859479166))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("AdamW", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree("AdamW", {"lr": 0.05}, {}, {"amsgrad": True, "maximize": True})


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="weight_decay value: -1"):
        tg.optim.AdamW([x], weight_decay=-1)
