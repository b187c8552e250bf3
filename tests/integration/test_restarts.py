"""Training through kills: what comes out is, bit for bit, what comes out without."""

from __future__ import annotations

import pytest

import telegrad
from tests.integration.servers import Server
from tests.integration.training import train


@pytest.fixture(scope="module")
def undisturbed() -> list[bytes]:
    telegrad.connect("embedded")
    found = train(telegrad)
    telegrad.disconnect()
    return found


@pytest.mark.chaos
def test_a_server_killed_in_mid_training_and_started_again(undisturbed: list[bytes]) -> None:
    with Server() as server:
        session = telegrad.connect(server.address)

        def between(step: int) -> None:
            if step in (10, 20):
                server.kill()
                server.start()

        assert train(telegrad, between=between) == undisturbed
        assert session.transport.traffic.replayed > 20
        telegrad.disconnect()
