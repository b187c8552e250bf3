"""The queue of jobs as events in, commands out; the tally of one."""

from __future__ import annotations

from telegrad_server.core.jobs import MAX_FRUITLESS_DEATHS, GiveUp, JobQueue, StartDriver, Tally


def test_jobs_are_driven_in_the_order_in_which_they_came() -> None:
    queue = JobQueue(at_once=2)
    assert queue.submitted("a") == [StartDriver("a", 0.0)]
    assert queue.submitted("b") == [StartDriver("b", 0.0)]
    assert queue.submitted("c") == queue.submitted("d") == []
    assert queue.positions == {"c": 1, "d": 2}
    assert (queue.position("a"), queue.position("d"), queue.position("?")) == (0, 2, 0)
    assert queue.ended("a") == [StartDriver("c", 0.0)]
    assert queue.positions == {"d": 1}


def test_what_is_known_is_no_news() -> None:
    queue = JobQueue(at_once=1)
    queue.submitted("a")
    assert queue.submitted("a") == []
    queue.submitted("b")
    assert queue.submitted("b") == []
    assert queue.positions == {"b": 1}


def test_a_waiting_job_can_end() -> None:
    queue = JobQueue(at_once=1)
    queue.submitted("a")
    queue.submitted("b")
    assert queue.ended("b") == []
    assert queue.ended("a") == []
    assert queue.positions == {}


def test_a_driver_that_gets_on_may_die_for_ever() -> None:
    queue = JobQueue(at_once=1)
    queue.submitted("a")
    for done in range(1, 50):
        assert queue.died("a", done) == [StartDriver("a", 0.0)]


def test_a_driver_that_gets_nowhere_is_given_up_after_growing_pauses() -> None:
    queue = JobQueue(at_once=1)
    queue.submitted("a")
    queue.submitted("b")
    pauses = []
    for _ in range(MAX_FRUITLESS_DEATHS):
        (command,) = queue.died("a", 0)
        assert isinstance(command, StartDriver)
        pauses.append(command.delay_s)
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.0
    assert pauses[-1] > 1.0
    assert queue.died("a", 0) == [GiveUp("a", MAX_FRUITLESS_DEATHS + 1), StartDriver("b", 0.0)]
    assert queue.died("a", 0) == []


def test_a_shard_counts_once() -> None:
    tally = Tally(shards_total=2, rows_total=30)
    assert tally.finished(1, 9, 1, 100)
    assert not tally.finished(1, 9, 1, 500)
    assert (tally.rows_done, tally.bad_rows, tally.complete) == (10, 1, False)
    assert tally.lacking(range(2)) == [0]
    assert tally.finished(0, 20, 0, 300)
    assert tally.complete
    assert tally.peak_worker_bytes == 300


def test_the_rate_is_that_of_the_last_while() -> None:
    tally = Tally(shards_total=100, rows_total=100_000)
    rate = tally.rate(0.0)
    assert rate == 0.0
    for second in range(1, 61):
        tally.finished(second, 10 if second <= 30 else 1000, 0, 0)
        rate = tally.rate(float(second))
    assert rate == 1000.0
