"""A hanging operator told from a long plan."""

from __future__ import annotations

import threading

from telegrad_server.worker.watchdog import Watchdog


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_operator_that_goes_on_is_timed_a_plan_is_not() -> None:
    clock = Clock()
    progress = {1: 0, 2: 7}
    watchdog = Watchdog(lambda: progress, 10.0, lambda _: None, clock=clock)
    assert watchdog.stalled_s() == 0.0
    clock.now = 6.0
    progress[1] = 1
    assert watchdog.stalled_s() == 6.0, "the second one"
    progress[2] = 8
    clock.now = 8.0
    assert watchdog.stalled_s() == 2.0, "the first one's second operator"
    progress.clear()
    assert watchdog.stalled_s() == 0.0


def test_it_bites_once_when_one_takes_too_long() -> None:
    bitten = threading.Event()
    watchdog = Watchdog(lambda: {1: 0}, 0.05, lambda _: bitten.set())
    watchdog.start()
    assert bitten.wait(60)
    watchdog.stop()


def test_stopped_it_watches_no_more() -> None:
    looks = []

    def progress() -> dict[int, int]:
        looks.append(1)
        return {}

    watchdog = Watchdog(progress, 600.0, lambda _: None)
    watchdog.start()
    watchdog.stop()
    assert looks == []
