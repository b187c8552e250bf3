"""Steps within a bound of memory, played back: everything is there when it is read, and never too much."""

from __future__ import annotations

import math
import random

import pytest

from telegrad_engine.plan.rematerialisation import Work, rematerialised


def peak_of(work: Work, schedule: list[tuple[int, tuple[int, ...]]]) -> int:
    """The most bytes at one time; every step finds what it reads, and what is kept is there at the end."""
    written = {slot for slots in work.writes for slot in slots}
    here: set[int] = set()
    peak = 0
    for step, gone in schedule:
        assert all(slot in here for slot in work.reads[step] if slot in written), f"step {step} reads in vain"
        here.update(work.writes[step])
        peak = max(peak, sum(work.sizes[slot] for slot in here))
        here.difference_update(gone)
    assert here == {slot for slot in work.kept if slot in written}
    return peak


def there_and_back(n: int) -> Work:
    """A chain of n steps, and the chain of their derivatives, each of which reads a value of the first."""
    reads: list[tuple[int, ...]] = [(i,) for i in range(n)]
    writes = [(i + 1,) for i in range(n)]
    last = n + 1
    reads.append((n,))
    writes.append((last,))
    for i in range(n, 0, -1):
        reads.append((i - 1, last))
        last += 1
        writes.append((last,))
    return Work(reads, writes, [1] * (last + 1), [1.0] * len(reads), frozenset({last}))


@pytest.mark.parametrize("n", [4, 16, 100, 500])
def test_a_chain_needs_the_root_of_its_length_and_less_than_twice_the_steps(n: int) -> None:
    work = there_and_back(n)
    budget = 2 * math.isqrt(n) + 3
    schedule = rematerialised(work, budget)
    assert schedule is not None
    assert peak_of(work, schedule) <= budget
    assert len(schedule) < 2 * len(work.reads)


def test_with_room_enough_nothing_is_done_twice() -> None:
    work = there_and_back(50)
    schedule = rematerialised(work, 60)
    assert schedule is not None
    assert [step for step, _ in schedule] == list(range(len(work.reads)))


def test_what_cannot_be_is_said() -> None:
    assert rematerialised(there_and_back(50), 2) is None
    everything_kept = Work([(), ()], [(0,), (1,)], [5, 5], [1.0, 1.0], frozenset({0, 1}))
    assert rematerialised(everything_kept, 9) is None


def test_the_cheap_goes_rather_than_the_dear() -> None:
    # Two values are read at the end; there is room for one of them beside the third.
    work = Work(
        [(), (), (), (0, 1, 2)],
        [(0,), (1,), (2, 3), (4,)],
        [4, 4, 4, 4, 1],
        [100.0, 1.0, 1.0, 1.0],
        frozenset({4}),
    )
    schedule = rematerialised(work, 13)
    assert schedule is not None
    assert [step for step, _ in schedule].count(0) == 1


def test_random_graphs() -> None:
    rng = random.Random(11)
    found = 0
    for _ in range(200):
        steps = rng.randint(2, 30)
        reads, writes, slot = [], [], 2  # the first two are given
        for _ in range(steps):
            reads.append(tuple(rng.randrange(slot) for _ in range(rng.randint(0, 3))))
            writes.append(tuple(range(slot, slot + rng.randint(1, 2))))
            slot += len(writes[-1])
        sizes = [rng.randint(0, 9) for _ in range(slot)]
        kept = frozenset(rng.sample(range(slot), rng.randint(1, 3)))
        work = Work(reads, writes, sizes, [rng.uniform(1, 50) for _ in range(steps)], kept)
        everything = rematerialised(work, sum(sizes))
        assert everything is not None
        plain = peak_of(work, everything)
        for share in (0.9, 0.7, 0.5):
            schedule = rematerialised(work, int(share * plain))
            if schedule is not None:
                found += 1
                assert peak_of(work, schedule) <= share * plain
    assert found > 50, "some of them fit into less"
