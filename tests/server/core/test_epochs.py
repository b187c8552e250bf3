"""Who owns a session: tables of what a client says, what is known, and what follows."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import SessionNotFoundError, StaleEpochError
from telegrad_server.core.epochs import Opening, Owner, next_epoch, standing, starting_seq

KEY = "0123456789abcdef" * 2
HERE, OTHER, NAMED = f"here.{KEY}", f"other.{KEY}", f".{KEY}"
ME, YOU = b"me", b"you"


@pytest.mark.parametrize(
    ("session_id", "key"), [("", ""), (HERE, KEY), (NAMED, KEY), ("here.../../etc", ""), (f"a.b.{KEY}", "")]
)
def test_a_key_is_one_of_ours(session_id: str, key: str) -> None:
    assert Opening(session_id).key == key


@pytest.mark.parametrize(
    ("opening", "live", "expected"),
    [
        (Opening(HERE, 2, ME), Owner(HERE, 2, ME), "resume"),
        (Opening(HERE, 0, ME), Owner(HERE, 2, ME), "resume"),
        (Opening(OTHER, 1, ME), Owner(HERE, 2, ME), "resume"),  # the answer to its first Open was lost
        (Opening(OTHER, 2, ME), Owner(HERE, 2, ME), "replace"),
        (Opening(OTHER, 3, YOU), Owner(HERE, 2, ME), "replace"),
        (Opening(OTHER, 1, YOU), Owner(HERE, 2, ME), "stale"),
        (Opening(HERE, 1, YOU), Owner(HERE, 2, ME), "stale"),
        (Opening(HERE, 2, YOU), Owner(HERE, 2, ME), "stale"),
        (Opening(NAMED, 0, YOU), Owner(HERE, 2, ME), "take over"),
        (Opening(NAMED, 0, ME), Owner(HERE, 2, ME), "resume"),
    ],
)
def test_standing(opening: Opening, live: Owner, expected: str) -> None:
    try:
        found: str = standing(opening, live)
    except StaleEpochError:
        found = "stale"
    assert found == expected


@pytest.mark.parametrize(
    ("opening", "newest", "client_id", "expected"),
    [
        (Opening(OTHER, 1, ME), 0, b"", 2),
        (Opening(OTHER, 1, ME), 1, ME, 2),
        (Opening(OTHER, 1, ME), 3, ME, 4),  # claims of its own that it never heard of
        (Opening(OTHER, 1, ME), 3, YOU, None),
        (Opening(OTHER, 3, ME), 3, YOU, 4),
        (Opening(NAMED, 0, ME), 3, YOU, 4),
        (Opening(NAMED, 0, ME), 0, b"", 1),
    ],
)
def test_next_epoch(opening: Opening, newest: int, client_id: bytes, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(StaleEpochError):
            next_epoch(opening, newest, client_id)
    else:
        assert next_epoch(opening, newest, client_id) == expected


@pytest.mark.parametrize(
    ("journal_seq", "stored_seq", "expected"),
    [(1, None, 0), (1, 7, 7), (8, 7, 7), (9, 7, None), (2, None, None), (0, 7, None), (0, None, None)],
)
def test_starting_seq(journal_seq: int, stored_seq: int | None, expected: int | None) -> None:
    opening = Opening(OTHER, 1, ME, journal_seq)
    if expected is None:
        with pytest.raises(SessionNotFoundError, match="cannot be made again"):
            starting_seq(opening, stored_seq)
    else:
        assert starting_seq(opening, stored_seq) == expected


def test_a_named_session_begins_where_its_snapshot_ends() -> None:
    assert starting_seq(Opening(NAMED, 0, ME), 7) == 7
    assert starting_seq(Opening(NAMED, 0, ME), None) == 0
