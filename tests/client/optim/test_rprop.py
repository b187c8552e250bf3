"""Rprop: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 0.01}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("Rprop", SETTINGS, (1.8262005588688284, 1.596799843601342, 0.4944108205889803))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("Rprop", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree("Rprop", {"lr": 0.01}, {}, {"etas": (0.4, 1.3), "step_sizes": (0.0001, 0.5)})


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"Invalid eta values: 1.5, 2.0"):
        tg.optim.Rprop([x], etas=(1.5, 2.0))
