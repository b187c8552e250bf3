"""Adafactor: the same steps as PyTorch's, recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.optim.training import same_state, train_shapes

SETTINGS: list[dict[str, Any]] = [
    {},
    {"weight_decay": 0.1},
    {"lr": 0.3},
    {"maximize": True, "d": 1.5, "eps": (1e-3, 1e-2), "foreach": False},
]
#: The sums of the parameters in the end, of PyTorch 2.13.
EXPECTED = [-0.030800988589508194, -0.04287229212111976, -0.0281348599334158, 0.801188334233653]
SHAPES: list[tuple[int, ...]] = [(4, 3), (12,), (2, 3, 2), ()]


@pytest.mark.torch
@pytest.mark.parametrize("settings", SETTINGS)
def test_as_torch_trains(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = (train_shapes(module, "Adafactor", SHAPES, settings) for module in (tg, torch))
    for a, b in zip(mine.params, theirs.params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)
    same_state(mine.optimizer.state_dict(), theirs.optimizer.state_dict(), 1e-11)
    assert repr(mine.optimizer) == repr(theirs.optimizer)


def test_the_parameters_are_the_expected_ones() -> None:
    run = train_shapes(tg, "Adafactor", SHAPES, {})
    np.testing.assert_allclose([x.sum() for x in run.params], EXPECTED, rtol=1e-11)
    state = run.optimizer.state_dict()["state"]
    assert state[0]["row_var"].shape == (4, 1)
    assert state[0]["col_var"].shape == (1, 3)
    assert state[1]["variance"].shape == (12,)


def test_settings_out_of_range() -> None:
    x = tg.ones(2, requires_grad=True)
    for settings, words in (
        ({"lr": -1.0}, "Learning rate should be >= 0 but is: -1.0"),
        ({"beta2_decay": 0.1}, "beta2_decay should be <= 0"),
        ({"eps": (-1.0, 1e-3)}, "epsilon1 should be >= 0 but is: -1.0"),
        ({"eps": (None, -1.0)}, "epsilon2 should be >= 0 but is: -1.0"),
        ({"d": 0.5}, "Clipping threshold d should be >= 1"),
        ({"weight_decay": -1.0}, "weight_decay should be >= 0 but is: -1.0"),
    ):
        with pytest.raises(ValueError, match=words):
            tg.optim.Adafactor([x], **settings)
    turn = tg.ones(2, dtype=tg.complex64, requires_grad=True)
    turn.abs().sum().backward()
    with pytest.raises(RuntimeError, match="does not support complex"):
        tg.optim.Adafactor([turn]).step()
