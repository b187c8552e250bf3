"""What the chaos tests compare with."""

from __future__ import annotations

import pytest

import telegrad
from tests.chaos.harness import connected
from tests.integration.training import train


@pytest.fixture(scope="session")
def undisturbed() -> list[bytes]:
    """Parameters and gradients of a training run to which nothing happened."""
    with connected("embedded"):
        return train(telegrad)
