"""When slots are dropped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telegrad_engine.plan.liveness import frees


def test_a_chain_drops_each_array_after_its_use() -> None:
    assert frees([[0], [1], [2]], [[1], [2], [3]], kept=[3]) == [(0,), (1,), (2,)]


def test_what_is_kept_is_not_dropped() -> None:
    assert frees([[0], [1]], [[1], [2]], kept=[1, 2]) == [(0,), ()]


def test_what_nobody_reads_is_dropped_at_once() -> None:
    assert frees([[0]], [[1, 2]], kept=[1]) == [(0, 2)]


def test_a_slot_read_twice_is_dropped_once() -> None:
    assert frees([[0, 0], [0, 1]], [[1], [2]], kept=[2]) == [(), (0, 1)]


def test_no_steps() -> None:
    assert frees([], [], kept=[0]) == []


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]], set[int]]:
    slots = draw(st.integers(1, 3))
    reads, writes = [], []
    for _ in range(draw(st.integers(0, 8))):
        reads.append(draw(st.lists(st.integers(0, slots - 1), max_size=3)))
        made = draw(st.integers(1, 2))
        writes.append(list(range(slots, slots + made)))
        slots += made
    return reads, writes, draw(st.sets(st.integers(0, slots - 1)))


@given(program=programs())
def test_no_slot_is_read_after_it_is_dropped_and_only_kept_ones_are_left(
    program: tuple[list[list[int]], list[list[int]], set[int]],
) -> None:
    reads, writes, kept = program
    gone: set[int] = set()
    touched: set[int] = set()
    for read, write, free in zip(reads, writes, frees(reads, writes, kept), strict=True):
        assert not gone & {*read, *write}
        touched |= {*read, *write}
        assert not gone & set(free)
        assert len(set(free)) == len(free)
        gone |= set(free)
    assert touched - gone == touched & kept
