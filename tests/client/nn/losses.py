"""Inputs of losses, and their agreement with torch's."""

from __future__ import annotations

from typing import Final

import numpy as np

from tests.client.nn.layers import agree, numbers

#: The class's name, its settings, its inputs.
Loss = tuple[str, dict[str, object], tuple[object, ...]]

X, Y = numbers(4, 3), numbers(4, 3, seed=1)
SIGNS: Final = np.sign(numbers(4, seed=2))
CLASSES: Final = np.array([0, 2, 1, 2])
SHARES: Final = 1 / (1 + np.exp(-X))
BITS: Final = (Y > 0).astype(float)


def agree_on_loss(loss: Loss, reduction: str) -> None:
    """Holds a loss and its first gradient against torch's."""
    kind, settings, inputs = loss
    agree(lambda nn: getattr(nn, kind)(**settings, reduction=reduction), *inputs, leaves=1)
