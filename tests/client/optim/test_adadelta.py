"""Adadelta: the same steps as PyTorch's, recorded."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.optim.training import agree, check_expected, check_messages

SETTINGS = {"lr": 1.0}


def test_the_losses_are_the_expected_ones() -> None:
    check_expected("Adadelta", SETTINGS, (1.8262005588688284, 1.781580254138247, 1.6193962508044442))


def test_a_step_is_one_message_with_a_known_plan() -> None:
    check_messages("Adadelta", SETTINGS)


@pytest.mark.torch
def test_as_torch_trains() -> None:
    agree("Adadelta", {"lr": 1.0}, {}, {"weight_decay": 0.1, "rho": 0.8})


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="rho value: 2"):
        tg.optim.Adadelta([x], rho=2)
    with pytest.raises(ValueError, match="epsilon value"):
        tg.optim.Adadelta([x], eps=-1)
