"""How many workers, as loads that come in."""

from __future__ import annotations

from telegrad_server.core.scaling import GROW_AFTER_S, SHRINK_AFTER_S, Load, Scaler

BUSY = Load(1.0, 0.1)
IDLE = Load(0.0, 0.0)
HALF = Load(0.5, 0.5)


def after(scaler: Scaler, loads: list[Load], seconds: float, start: float = 0.0) -> int:
    """The number desired once these loads have lasted so long, looked at twice a second."""
    for step in range(int(2 * seconds) + 1):
        scaler.decide(loads, start + step / 2)
    return scaler.desired


def test_it_begins_with_the_fewest() -> None:
    assert Scaler(2, 5).decide([], 0.0) == 2


def test_lasting_load_brings_one_more_and_no_more_than_the_most() -> None:
    scaler = Scaler(1, 2)
    assert after(scaler, [BUSY], GROW_AFTER_S - 1) == 1, "a moment's load is no reason"
    assert after(scaler, [BUSY], GROW_AFTER_S, 100.0) == 2
    assert after(scaler, [BUSY, BUSY], 10 * GROW_AFTER_S, 200.0) == 2


def test_a_pause_begins_the_wait_anew() -> None:
    scaler = Scaler(1, 2)
    after(scaler, [BUSY], GROW_AFTER_S - 1)
    scaler.decide([IDLE], GROW_AFTER_S - 0.5)
    assert after(scaler, [BUSY], GROW_AFTER_S - 1, GROW_AFTER_S) == 1


def test_one_at_a_time_while_the_new_one_starts() -> None:
    scaler = Scaler(1, 5)
    assert after(scaler, [BUSY], 20 * GROW_AFTER_S) == 2, "the second is not there yet"


def test_room_counts_as_much_as_time() -> None:
    assert after(Scaler(1, 2), [Load(0.0, 0.9)], GROW_AFTER_S) == 2


def test_calm_takes_one_away_after_a_long_wait() -> None:
    scaler = Scaler(1, 3)
    scaler.desired = 3
    assert after(scaler, [IDLE] * 3, SHRINK_AFTER_S - 1) == 3
    assert after(scaler, [IDLE] * 3, SHRINK_AFTER_S, 1000.0) == 2
    assert after(scaler, [IDLE] * 2, SHRINK_AFTER_S, 2000.0) == 1
    assert after(scaler, [IDLE], 2 * SHRINK_AFTER_S, 3000.0) == 1


def test_it_does_not_swing() -> None:
    scaler = Scaler(1, 3)
    scaler.desired = 2
    # Too much for one, too little for two to be full.
    assert after(scaler, [HALF, HALF], 5 * SHRINK_AFTER_S) == 2
