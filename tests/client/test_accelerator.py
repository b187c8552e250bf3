"""PyTorch's own first tutorial asks for an accelerator; there is none to be named."""

from __future__ import annotations

import telegrad as tg


def test_there_is_none() -> None:
    found = tg.accelerator.current_accelerator()
    assert found is None
    device = str(found) if tg.accelerator.is_available() else "cpu"
    assert tg.nn.Linear(2, 1).to(device).weight.device == tg.device("cpu")
    assert tg.accelerator.device_count() == 0
