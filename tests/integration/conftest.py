"""A session of its own for every test, in the place that the test runs in."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

import telegrad
from telegrad import current_session
from tests.places import Place


@pytest.fixture
def tg(place: Place) -> Iterator[ModuleType]:
    """telegrad, connected to the place."""
    telegrad.connect(place.address or "embedded")
    yield telegrad
    telegrad.disconnect()
    gc.collect()  # what a failing test's traceback held must not meet the next session


@pytest.fixture
def messages(tg: ModuleType) -> Callable[[], int]:
    """How many messages the session has sent since the last time this was asked."""
    seen = current_session().log.count

    def since() -> int:
        nonlocal seen
        before, seen = seen, current_session().log.count
        return seen - before

    return since
