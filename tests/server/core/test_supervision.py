"""Worker processes as lists of events and commands; time is what the test says."""

from __future__ import annotations

import random

import pytest

from telegrad_server.core.supervision import (
    BACK_OFF_S,
    BEAT_S,
    DEAD_AFTER_S,
    HUNG_AFTER_S,
    START_S,
    SUSPECT_AFTER_S,
    Beat,
    Command,
    Kill,
    Leave,
    Policy,
    Start,
    Supervision,
)


class World:
    """Plays processes: what is started answers, unless the test breaks it."""

    def __init__(self, least: int = 2, most: int | None = None, *, spares: int = 0) -> None:
        self.core = Supervision(Policy(least, most or least, spares))
        self.now = 100.0
        self.alive: set[str] = set()
        self.frozen: set[str] = set()
        self.stillborn = False
        self.load = Beat()
        self.said: list[Command] = []
        self.pass_time(2.0)

    def obey(self, commands: tuple[Command, ...]) -> None:
        self.said += commands
        for command in commands:
            match command:
                case Start(name) if self.stillborn:
                    self.obey(self.core.lost(name, "it ended as it began", self.now))
                case Start(name):
                    self.alive.add(name)
                    self.core.located(name, f"host:{name}")
                case Kill(name):
                    self.alive.discard(name)
                case Leave():
                    pass

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / BEAT_S)):
            self.now += BEAT_S
            self.obey(self.core.tick(self.now))
            for name in sorted(self.alive - self.frozen):
                self.obey(self.core.beaten(name, self.load, self.now))

    def die(self, name: str) -> None:
        self.alive.discard(name)
        self.obey(self.core.lost(name, f"{name} died", self.now))

    def states(self) -> dict[str, str]:
        return {p.name: p.state(self.now) for p in self.core.processes.values()}


def test_it_starts_as_many_as_there_should_be() -> None:
    world = World(2)
    assert world.said == [Start("worker-0"), Start("worker-1")]
    assert world.states() == {"worker-0": "ready", "worker-1": "ready"}
    assert [p.address for p in world.core.active(world.now)] == ["host:worker-0", "host:worker-1"]


def test_a_spare_comes_after_the_workers_and_is_not_given_out() -> None:
    world = World(1, spares=1)
    assert world.said == [Start("worker-0"), Start("worker-1", spare=True)]
    assert world.states() == {"worker-0": "ready", "worker-1": "spare"}
    assert [p.name for p in world.core.active(world.now)] == ["worker-0"]


def test_the_lost_gets_a_successor_of_another_name() -> None:
    world = World(1)
    world.die("worker-0")
    assert world.said[1:] == [Kill("worker-0"), Start("worker-1")]
    world.pass_time(1.0)
    assert world.states() == {"worker-1": "ready"}
    assert (world.core.record.replaced, world.core.record.reason) == (1, "worker-0 died")


def test_a_spare_takes_over_at_once() -> None:
    world = World(1, spares=1)
    world.die("worker-0")
    assert [p.name for p in world.core.active(world.now)] == ["worker-1"], "in the same moment"
    assert world.said[-2:] == [Kill("worker-0"), Start("worker-2", spare=True)]
    world.pass_time(1.0)
    assert world.states() == {"worker-1": "ready", "worker-2": "spare"}


def test_silence_makes_suspect_then_dead_and_a_late_answer_changes_nothing() -> None:
    world = World(2)
    world.frozen.add("worker-0")
    world.pass_time(SUSPECT_AFTER_S)
    assert world.states()["worker-0"] == "suspect"
    world.pass_time(DEAD_AFTER_S - SUSPECT_AFTER_S)
    assert Kill("worker-0") in world.said
    assert "worker-2" in world.states()
    assert world.core.beaten("worker-0", Beat(), world.now) == ()
    assert "worker-0" not in world.states()


def test_an_answer_clears_the_suspicion() -> None:
    world = World(1)
    world.frozen.add("worker-0")
    world.pass_time(SUSPECT_AFTER_S)
    world.frozen.clear()
    world.pass_time(BEAT_S)
    assert world.states() == {"worker-0": "ready"}


def test_who_is_only_too_busy_to_answer_is_left_alone_for_a_while() -> None:
    world = World(1)
    world.frozen.add("worker-0")
    for _ in range(int((HUNG_AFTER_S - DEAD_AFTER_S) / BEAT_S)):
        world.core.alive("worker-0", world.now)
        world.pass_time(BEAT_S)
    assert world.states() == {"worker-0": "ready"}
    for _ in range(int(2 * DEAD_AFTER_S / BEAT_S) + 1):
        world.core.alive("worker-0", world.now)
        world.pass_time(BEAT_S)
    assert Kill("worker-0") in world.said, "hung for good"


def test_its_own_pause_is_no_ones_silence() -> None:
    world = World(2)
    world.now += 30.0  # the supervisor itself got no time
    world.obey(world.core.tick(world.now))
    assert not any(isinstance(command, Kill) for command in world.said)
    world.pass_time(1.0)
    assert world.states() == {"worker-0": "ready", "worker-1": "ready"}


def test_who_never_answers_failed_to_start() -> None:
    world = World(1)
    world.frozen.add("worker-1")
    world.die("worker-0")
    world.pass_time(START_S)
    assert Kill("worker-1") in world.said
    assert world.core.record.failed_starts == 1


def test_a_crash_loop_backs_off_opens_the_circuit_and_closes_it_again() -> None:
    world = World(2)
    world.stillborn = True
    world.die("worker-0")
    began = world.now
    world.pass_time(sum(BACK_OFF_S) + 5)
    starts = sum(isinstance(command, Start) for command in world.said) - 2
    assert starts <= len(BACK_OFF_S) + 1, "not a start a moment"
    assert world.core.record.circuit_open
    assert world.states() == {"worker-1": "ready"}, "the others go on"
    assert world.now - began > sum(BACK_OFF_S)
    world.stillborn = False
    world.pass_time(BACK_OFF_S[-1] + 5)
    assert len(world.alive) == 2
    assert not world.core.record.circuit_open
    assert world.core.record.failed_starts == 0


def test_deaths_of_workers_that_held_are_no_crash_loop() -> None:
    world = World(1, spares=1)
    for _ in range(20):
        world.die(world.core.active(world.now)[0].name)
        world.pass_time(3.0)
    assert world.core.record.replaced == 20
    assert world.core.record.failed_starts == 0


def test_a_drained_worker_has_its_successor_first() -> None:
    world = World(2)
    world.obey(world.core.drain("worker-0", world.now))
    assert world.said[2:] == [Start("worker-2"), Leave("worker-0")]
    assert world.states()["worker-0"] == "draining"
    assert world.core.drain("worker-0", world.now) == (), "once"
    assert "worker-0" in [p.name for p in world.core.active(world.now)], "until its sessions have left"
    world.die("worker-0")
    world.pass_time(1.0)
    assert world.states() == {"worker-1": "ready", "worker-2": "ready"}
    assert world.core.record.replaced == 0, "nothing went wrong"


def test_a_drain_that_takes_too_long_is_ended() -> None:
    world = World(1)
    world.obey(world.core.drain("worker-0", world.now))
    world.pass_time(world.core.policy.grace_s + 5.5)
    assert world.said[-1] == Kill("worker-0")


def test_nobody_of_that_name_is_said() -> None:
    with pytest.raises(KeyError):
        World(1).core.drain("worker-9", 0.0)


def test_it_grows_under_load_and_shrinks_without() -> None:
    world = World(1, 3)
    world.load = Beat(sessions=60, capacity=64)
    world.pass_time(30.0)
    assert list(world.states().values()).count("ready") == 3
    world.load = Beat()
    world.pass_time(61.0)
    assert [c for c in world.said if isinstance(c, Leave)] == [Leave("worker-2")], "one at a time"


def test_a_share_of_busy_time_is_learned_from_the_beats() -> None:
    world = World(1)
    for second in range(40):
        world.now += 1.0
        world.core.beaten("worker-0", Beat(busy_s=0.9 * second), world.now)
    assert world.core.processes["worker-0"].busy_share == pytest.approx(0.9, rel=0.01)


def test_another_size_is_acted_on() -> None:
    world = World(1, spares=1)
    world.core.resize(Policy(3, 3, 0))
    world.pass_time(2.0)
    assert list(world.states().values()) == ["ready"] * 3
    world.core.resize(Policy(1, 1, 0))
    world.pass_time(1.0)
    assert len([c for c in world.said if isinstance(c, Leave)]) == 2


def test_a_supervisor_that_was_restarted_takes_over_who_is_there() -> None:
    core = Supervision(Policy(2, 2))
    core.found("worker-4", "host:4", 0.0)
    core.found("worker-7", "host:7", 0.0)
    assert core.tick(0.1) == ()
    assert core.beaten("worker-4", Beat(), 0.2) == ()
    assert core.lost("worker-7", "gone", 0.3)[-1] == Start("worker-8"), "no name twice"
    assert core.lost("worker-7", "gone", 0.3) == ()


def test_whatever_happens_it_ends_with_what_there_should_be() -> None:
    rng = random.Random(7)
    for _ in range(30):
        least = rng.randint(1, 3)
        world = World(least, least, spares=rng.randint(0, 1))
        for _ in range(40):
            names = sorted(world.alive)
            match rng.randrange(5):
                case 0 if names:
                    world.die(rng.choice(names))
                case 1 if names:
                    world.frozen.add(rng.choice(names))
                case 2 if names and (name := rng.choice(names)) in world.core.processes:
                    world.obey(world.core.drain(name, world.now))
                case 3:
                    world.stillborn = not world.stillborn
            world.pass_time(rng.choice([0.5, 2.0, 6.0]))
        world.stillborn = False
        world.frozen.clear()
        world.pass_time(120.0)
        states = list(world.states().values())
        assert states.count("ready") == least
        assert states.count("spare") == world.core.policy.spares
        assert set(world.states()) == world.alive
