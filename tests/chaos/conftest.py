"""What the chaos tests compare with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import telegrad
from tests.chaos.harness import connected
from tests.chaos.namespaces import Network, missing
from tests.integration.training import train


@pytest.fixture(scope="session")
def undisturbed() -> list[bytes]:
    """Parameters and gradients of a training run to which nothing happened."""
    with connected("embedded"):
        return train(telegrad)


@pytest.fixture
def network() -> Iterator[Network]:
    """A network of the test's own, whose cables can be pulled."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with Network() as made:
        yield made
