"""Sessions made again."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import SessionNotFoundError, StaleEpochError
from telegrad_server.core.epochs import Opening, Owner
from telegrad_server.core.sessions import RestoreSession
from telegrad_server.worker.restoring import Restorer
from tests.server.fakes import FakeEngine

KEY = "0123456789abcdef" * 2
HERE, OTHER = f"here.{KEY}", f"other.{KEY}"


def restore(opening: Opening, known: Owner | None = None) -> tuple[str, int, int]:
    session = Restorer(FakeEngine).restore(RestoreSession(HERE, 1, opening, known))
    return session.session_id, session.epoch, session.applied_seq


def test_from_nothing_where_the_client_has_all() -> None:
    assert restore(Opening(OTHER, 3, b"me", 1)) == (HERE, 4, 0)


def test_not_where_something_is_missing() -> None:
    with pytest.raises(SessionNotFoundError):
        restore(Opening(OTHER, 3, b"me", 2))


def test_not_for_a_client_that_was_replaced() -> None:
    with pytest.raises(StaleEpochError):
        restore(Opening(OTHER, 3, b"me", 1), Owner(HERE, 4, b"you"))
