"""Which worker takes a new session."""

from __future__ import annotations

from telegrad_server.core.placement import Candidate, placement


def test_the_full_are_left_out() -> None:
    assert placement([Candidate("a", 4, 4), Candidate("b", 0, 4, held_bytes=9, limit_bytes=9)]) == []


def test_fewer_sessions_come_first() -> None:
    assert placement([Candidate("a", 2, 4), Candidate("b", 0, 4), Candidate("c", 1, 4)]) == ["b", "c", "a"]


def test_room_is_relative() -> None:
    assert placement([Candidate("small", 2, 4), Candidate("big", 10, 100)]) == ["big", "small"]


def test_free_memory_outweighs_a_session_more() -> None:
    crowded = Candidate("crowded", 1, 64, held_bytes=90, limit_bytes=100)
    free = Candidate("free", 3, 64, held_bytes=5, limit_bytes=100)
    assert placement([crowded, free]) == ["free", "crowded"]


def test_who_computes_comes_later_than_who_rests() -> None:
    assert placement([Candidate("at work", 1, 64, running=1), Candidate("at rest", 3, 64)]) == [
        "at rest",
        "at work",
    ]


def test_a_few_bytes_do_not_outweigh_a_running_neighbour() -> None:
    at_rest = Candidate("at rest", 1, 64, held_bytes=10, limit_bytes=100)
    assert placement([Candidate("at work", 1, 64, limit_bytes=100, running=1), at_rest]) == [
        "at rest",
        "at work",
    ]
