"""Muon: the same steps as PyTorch's, but for its rounding to bfloat16, recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.optim.muon import _orthogonal
from tests.client.optim.training import same_state, train_shapes

SETTINGS: list[dict[str, Any]] = [
    {},
    {"lr": 0.05, "weight_decay": 0.0},
    {"nesterov": False, "adjust_lr_fn": "match_rms_adamw", "lr": 0.02},
]


@pytest.mark.torch
@pytest.mark.parametrize("settings", SETTINGS)
def test_as_torch_trains(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = (train_shapes(module, "Muon", [(5, 3), (2, 6)], settings) for module in (tg, torch))
    step = settings.get("lr", 1e-3)
    for a, b in zip(mine.params, theirs.params, strict=True):
        np.testing.assert_allclose(a, b, atol=0.1 * step)  # five steps, each of about `step` an element
    same_state(mine.optimizer.state_dict(), theirs.optimizer.state_dict(), 0.05)
    assert repr(mine.optimizer) == repr(theirs.optimizer)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4)])
def test_singular_values_come_near_to_1(shape: tuple[int, int], rng: np.random.Generator) -> None:
    x = rng.normal(size=shape)
    made = _orthogonal(tg.tensor(x), (3.4445, -4.7750, 2.0315), 5, 1e-7).numpy()
    left, values, right = np.linalg.svd(x, full_matrices=False)
    turned = left.T @ made @ right.T
    assert np.abs(turned - np.diag(np.diag(turned))).max() < 1e-12
    assert values.min() / np.linalg.norm(x) < 0.4
    assert ((np.diag(turned) > 0.3) & (np.diag(turned) < 1.3)).all()


def test_settings_out_of_range() -> None:
    x = tg.ones(2, 2, requires_grad=True)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"lr": -1.0}, "Learning rate should be >= 0 but is: -1.0"),
        ({"momentum": -0.1}, "momentum should be >= 0 but is: -0.1"),
        ({"weight_decay": -1.0}, "weight decay should be >= 0 but is: -1.0"),
        ({"adjust_lr_fn": "none"}, "is not supported"),
    ]
    for settings, words in wrong:
        with pytest.raises(ValueError, match=words):
            tg.optim.Muon([x], **settings)
    with pytest.raises(ValueError, match="only supports 2D parameters"):
        tg.optim.Muon([tg.ones(2, requires_grad=True)])
    x.sum().backward()
    late: list[tuple[dict[str, Any], str]] = [
        ({"ns_steps": 100}, "less than 100"),
        ({"ns_coefficients": (1.0, 2.0)}, "exactly 3"),
    ]
    for settings, words in late:
        with pytest.raises(ValueError, match=words):
            tg.optim.Muon([x], **settings).step()
