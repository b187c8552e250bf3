"""How long a process that keeps ending is waited for."""

from __future__ import annotations

from telegrad_server.core.restarting import PAUSES_S, STABLE_S, Restarting


def test_pauses_grow_to_the_last() -> None:
    restarting = Restarting()
    assert [restarting.ended(float(n)) for n in range(8)] == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]


def test_who_was_ready_for_long_begins_anew() -> None:
    restarting = Restarting()
    restarting.ended(0.0)
    restarting.ready(10.0)
    assert restarting.ended(10.0 + STABLE_S / 2) == PAUSES_S[1], "that was not long"
    restarting.ready(100.0)
    assert restarting.ended(100.0 + STABLE_S) == PAUSES_S[0]
    assert restarting.ended(500.0) == PAUSES_S[1], "it was not ready since"
