"""What a gateway believes of its workers, as answers and failures that come in."""

from __future__ import annotations

from telegrad_server.core.registry import Registry, Report
from telegrad_server.core.supervision import DEAD_AFTER_S, SUSPECT_AFTER_S


def report(name: str, sessions: int = 0, *, capacity: int = 4, serving: bool = True) -> Report:
    return Report(name, serving, sessions, capacity)


def fleet(**sessions: int) -> Registry:
    registry = Registry()
    for number, (slot, count) in enumerate(sessions.items()):
        registry.locate(slot, f"host:{number}")
        registry.answered(slot, report(f"name-{slot}", count), 0.0)
    return registry


def test_the_least_loaded_comes_first_and_the_full_not_at_all() -> None:
    registry = fleet(a=2, b=0, c=4, d=1)
    assert [slot for slot, _ in registry.candidates()] == ["b", "d", "a"]


def test_what_was_placed_counts_until_a_report_that_knows_of_it() -> None:
    registry = fleet(a=0, b=1)
    registry.asked("a")
    registry.placed("a")
    registry.placed("a")
    registry.placed("gone")
    assert [slot for slot, _ in registry.candidates()] == ["b", "a"]
    registry.answered("a", report("name-a", 0), 0.5)
    assert [slot for slot, _ in registry.candidates()] == ["b", "a"], "it was asked for before"
    registry.asked("a")
    registry.asked("gone")
    registry.answered("a", report("name-a", 0), 1.0)
    assert [slot for slot, _ in registry.candidates()] == ["a", "b"]


def test_what_is_on_its_way_counts_until_it_arrives() -> None:
    registry = fleet(a=0, b=0)
    registry.opening("a")
    registry.opening("gone")
    registry.asked("a")
    registry.answered("a", report("name-a", 0), 0.5)
    assert [slot for slot, _ in registry.candidates()] == ["b", "a"]
    registry.arrived("a")
    registry.arrived("a")
    registry.arrived("gone")
    assert [slot for slot, _ in registry.candidates()] == ["a", "b"]


def test_a_worker_that_drains_keeps_its_sessions_and_gets_no_new_ones() -> None:
    registry = fleet(a=0)
    registry.answered("a", report("name-a", 1, serving=False), 0.5)
    assert registry.candidates() == []
    assert not registry.ready
    assert registry.state("a") == "draining"
    assert registry.holder("name-a.123") == "host:0"


def test_a_session_is_found_by_the_name_that_begins_its_id() -> None:
    registry = fleet(a=0, b=0)
    assert registry.holder("name-b.0123") == "host:1"
    assert registry.holder("name-x.0123") is None
    assert registry.holder("") is None
    assert registry.settled


def test_silence_makes_suspect_and_then_dead() -> None:
    registry = fleet(a=0, b=0)
    registry.failed("a", 1.7)
    assert [slot for slot, _ in registry.candidates()] == ["a", "b"], "it may be a hiccup"
    registry.failed("a", SUSPECT_AFTER_S)
    assert [slot for slot, _ in registry.candidates()] == ["b"]
    assert registry.holder("name-a.1") == "host:0", "it may come back"
    assert registry.settled, "who it is is known: the sessions of others are not there"
    registry.failed("a", DEAD_AFTER_S)
    assert registry.state("a") == "dead"
    assert registry.holder("name-a.1") is None
    assert registry.settled
    registry.failed("gone", 106.0)


def test_silence_counts_from_the_last_answer_and_not_from_the_first_probe_that_failed() -> None:
    registry = fleet(a=0, b=0)
    for beat in range(1, 8):
        registry.answered("b", report("name-b"), 0.5 * beat)
        assert registry.tick(0.5 * beat) == []
        if 0.5 * beat in (2.0, 3.5):
            registry.failed("a", 0.5 * beat)
    assert registry.state("a") == "suspect"
    assert registry.tick(DEAD_AFTER_S) == ["host:0"]
    assert registry.state("a") == "dead"
    assert registry.tick(DEAD_AFTER_S + 0.5) == [], "said once"
    assert registry.ready, "the other one"


def test_one_probe_that_failed_proves_no_death() -> None:
    registry = fleet(a=0)
    registry.tick(3.5)
    registry.failed("a", DEAD_AFTER_S)
    assert registry.tick(DEAD_AFTER_S) == []
    assert registry.state("a") == "suspect"
    registry.failed("a", DEAD_AFTER_S + 0.1)
    assert registry.state("a") == "dead"


def test_time_in_which_nobody_looked_is_nobodys_silence() -> None:
    registry = fleet(a=0)
    registry.tick(0.5)
    registry.failed("a", 0.6)
    registry.tick(60.0)
    registry.failed("a", 60.1)
    assert registry.state("a") == "ready"
    for beat in range(8):
        registry.tick(60.5 + 0.5 * beat)
    assert registry.state("a") == "dead", "from then on it was silent"


def test_who_is_busy_is_not_dead() -> None:
    registry = fleet(a=0)
    registry.alive("nobody", 1.0)
    for second in range(1, 30):
        registry.failed("a", second - 0.5)
        registry.alive("a", float(second))
        assert registry.tick(float(second)) == []
    assert registry.state("a") == "ready"


def test_an_answer_clears_the_suspicion() -> None:
    registry = fleet(a=0)
    registry.failed("a", 1.0)
    registry.failed("a", SUSPECT_AFTER_S)
    assert not registry.ready
    registry.answered("a", report("name-a"), 9.0)
    assert registry.ready
    registry.failed("a", 10.0)
    assert registry.state("a") == "ready"


def test_whose_process_has_ended_is_dead_at_once_and_stays_so() -> None:
    registry = fleet(a=0, b=0)
    registry.gone("a", 5.0)
    registry.gone("nobody", 5.0)
    assert (registry.state("a"), registry.holder("name-a.1"), registry.settled) == ("dead", None, True)
    registry.failed("a", 5.1)
    assert registry.state("a") == "dead"
    registry.answered("a", report("name-again"), 6.0)
    assert registry.holder("name-again.1") == "host:0", "somebody started it anew at the same address"


def test_who_was_never_heard_of_may_not_listen_yet() -> None:
    registry = Registry()
    registry.locate("a", "host:0")
    registry.gone("a", 1.0)
    assert registry.state("a") == "new"
    assert not registry.settled, "nobody knows yet who it is"
    assert registry.state("b") is None


def test_a_restarted_worker_is_another_one() -> None:
    registry = fleet(a=3)
    registry.locate("a", "host:77")
    assert registry.candidates() == [], "nobody knows yet how it is"
    assert registry.holder("name-a.1") == "host:77", "it may be the same, moved: it knows best"
    registry.answered("a", report("name-new", 0), 0.5)
    assert registry.holder("name-a.1") is None
    assert registry.settled
    assert registry.candidates() == [("a", "host:77")]


def test_the_same_place_told_again_changes_nothing() -> None:
    registry = fleet(a=1)
    registry.locate("a", "host:0")
    assert registry.ready


def test_a_removed_worker_is_gone() -> None:
    registry = fleet(a=0)
    registry.remove("a")
    registry.remove("a")
    registry.answered("a", report("late"), 0.5)
    assert registry.slots() == []
    assert not registry.settled
    assert registry.summary() == "no workers"


def test_the_summary_names_each_state() -> None:
    registry = fleet(a=0, b=0)
    registry.locate("c", "host:5")
    registry.failed("b", SUSPECT_AFTER_S)
    assert registry.summary() == "a ready, b suspect, c new"
