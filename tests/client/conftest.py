"""A session of its own for every test of the client, and torch's settings as they are at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import telegrad
from telegrad.recording.session import Session


@pytest.fixture(autouse=True)
def session() -> Iterator[Session]:
    """A new embedded session, ended after the test."""
    yield telegrad.connect("embedded", progress=False)
    telegrad.disconnect()
    telegrad.set_grad_enabled(True)
    telegrad.set_default_dtype(telegrad.float32)
    telegrad.set_printoptions(profile="default")


@pytest.fixture
def messages() -> Callable[[], int]:
    """How many messages the current session has sent since the last call."""
    seen = 0

    def count() -> int:
        nonlocal seen
        before, seen = seen, telegrad.current_session().log.count
        return seen - before

    return count
