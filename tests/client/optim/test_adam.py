"""Adam: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.05, "amsgrad": True}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("Adam", SETTINGS, (1.8262005588688284, 1.4995377260526346, 0.657386420491707))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("Adam", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree(
        "Adam", {"lr": 0.05, "amsgrad": True}, {}, {"betas": (0.3, 0.9), "weight_decay": 0.1, "amsgrad": True}
    )


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"beta parameter at index 1: 1.5"):
        tg.optim.Adam([x], betas=(0.5, 1.5))
    with pytest.raises(ValueError, match="epsilon value"):
        tg.optim.Adam([x], eps=-1)
    with pytest.raises(ValueError, match="cannot be `True` together"):
        tg.optim.Adam([x], fused=True, foreach=True)
