"""Runs steps within a bound of memory: what does not fit is dropped, and computed again before it is read.

Source: Kirisame et al., Dynamic Tensor Rematerialization (2021), with what is known here beforehand: when
each value is read next takes the place of how long ago it was used.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import inf
from typing import Final

#: A schedule that takes more steps than so many times the plain one is none.
_MOST_STEPS: Final = 4

#: Values looked at for each one that is dropped; of more, every n-th.
_LOOKS: Final = 64


@dataclass(frozen=True, slots=True)
class Work:
    """Steps in an order in which each could run.

    Attributes:
        reads: slots that each step reads.
        writes: slots that each step writes; what no step writes is there from the beginning, and stays.
        sizes: bytes of each slot.
        costs: what each step takes, in any unit.
        kept: slots that outlive the last step; they are never dropped.
    """

    reads: Sequence[Sequence[int]]
    writes: Sequence[Sequence[int]]
    sizes: Sequence[int]
    costs: Sequence[float]
    kept: AbstractSet[int]


def rematerialised(work: Work, budget: int) -> list[tuple[int, tuple[int, ...]]] | None:
    """The steps to run, some of them several times, each with the slots to drop after it.

    Returns:
        None where no such order was found within the budget.
    """
    run = _Run(work, budget)
    try:
        for step in range(len(work.reads)):
            run.take(step)
    except _DoesNotFitError:
        return None
    return run.schedule


class _DoesNotFitError(Exception):
    """There is no order within the budget, or none was found."""


class _Run:
    """Plays the steps: what is in memory, what was dropped."""

    def __init__(self, work: Work, budget: int) -> None:
        self.schedule: list[tuple[int, tuple[int, ...]]] = []
        self._work = work
        self._budget = budget
        self._maker = {slot: step for step, slots in enumerate(work.writes) for slot in slots}
        self._uses: dict[int, list[int]] = {slot: [] for slot in self._maker}
        for step, slots in enumerate(work.reads):
            for slot in dict.fromkeys(slots):
                if slot in self._uses:
                    self._uses[slot].append(step)
        self._here: dict[int, None] = {}
        self._bytes = 0
        self._now = 0
        self._pins: dict[int, int] = {}
        # Steps whose results were dropped are elements of groups, each joined with its neighbours: what a
        # value costs to have again is what all of its group cost. A step dropped once more is a new element.
        self._element: dict[int, int] = {}
        self._above: list[int] = []
        self._cost: list[float] = []

    def take(self, step: int) -> None:
        """Run a step of the plain order, and before it whatever its inputs need."""
        self._now = step
        stack = [step]
        self._pin(step, +1)
        while stack:
            top = stack[-1]
            missing = [s for s in self._work.reads[top] if s in self._maker and s not in self._here]
            if missing:
                stack.append(self._maker[missing[0]])
                self._pin(stack[-1], +1)
                continue
            self._compute(stack.pop())

    def _pin(self, step: int, by: int) -> None:
        """What a step that waits or runs reads must not be dropped."""
        for slot in self._work.reads[step]:
            self._pins[slot] = self._pins.get(slot, 0) + by

    def _compute(self, step: int) -> None:
        work = self._work
        if len(self.schedule) >= _MOST_STEPS * len(work.reads) + 8:
            raise _DoesNotFitError
        new = [slot for slot in work.writes[step] if slot not in self._here]
        room = sum(work.sizes[slot] for slot in new)
        dropped = []
        while self._bytes + room > self._budget:
            dropped.append(self._drop_best(step))
        if dropped:
            # With the step before: after it nobody needs them for a while.
            before, gone = self.schedule[-1]
            self.schedule[-1] = before, (*gone, *dropped)
        for slot in new:
            self._here[slot] = None
        self._bytes += room
        self._leave(step)
        self._pin(step, -1)
        over = []
        for slot in dict.fromkeys((*work.reads[step], *work.writes[step])):
            if slot in self._here and not self._stays(slot) and self._next(slot) == inf:
                self._forget(slot)
                over.append(slot)
        self.schedule.append((step, tuple(over)))

    def _stays(self, slot: int) -> bool:
        return slot in self._work.kept or self._pins.get(slot, 0) > 0

    def _next(self, slot: int) -> float:
        """The step of the plain order that reads the slot next."""
        uses = self._uses[slot]
        # A step that is being prepared has not read its inputs yet, but they are pinned meanwhile.
        found = bisect_right(uses, self._now)
        return uses[found] if found < len(uses) else inf

    def _drop_best(self, step: int) -> int:
        """Drop, for a step, what is large, cheap to have again, and not read for long; its slot."""
        written = self._work.writes[step]  # it would be there again at once
        candidates = [slot for slot in self._here if not (self._stays(slot) or slot in written)]
        best, score = -1, 0.0
        for slot in candidates[:: 1 + len(candidates) // _LOOKS]:
            away = min(self._next(slot) - self._now, len(self._work.reads))
            rated = self._work.sizes[slot] * away / self._cost_again(slot)
            if rated > score:
                best, score = slot, rated
        if best < 0:
            raise _DoesNotFitError
        self._forget(best)
        self._join(self._maker[best])
        return best

    def _forget(self, slot: int) -> None:
        del self._here[slot]
        self._bytes -= self._work.sizes[slot]

    def _groups_around(self, step: int) -> set[int]:
        """The groups of dropped steps that this one reads from, or that read from it."""
        steps = [self._maker[s] for s in self._work.reads[step] if s in self._maker and s not in self._here]
        for slot in self._work.writes[step]:
            steps += self._uses[slot]
        return {self._group(self._element[s]) for s in steps if s in self._element and s != step}

    def _cost_again(self, slot: int) -> float:
        step = self._maker[slot]
        return self._work.costs[step] + sum(self._cost[group] for group in self._groups_around(step))

    def _join(self, step: int) -> None:
        """A step's result was dropped."""
        around = self._groups_around(step)
        element = self._element[step] = len(self._above)
        self._above.append(element)
        self._cost.append(self._work.costs[step] + sum(self._cost[group] for group in around))
        for group in around:
            self._above[group] = element

    def _leave(self, step: int) -> None:
        """A step was run again. Its group is not split, only made cheaper: that is near enough."""
        element = self._element.pop(step, None)
        if element is not None:
            group = self._group(element)
            self._cost[group] = max(self._cost[group] - self._work.costs[step], 0.0)

    def _group(self, element: int) -> int:
        above = self._above
        while above[element] != element:
            above[element] = above[above[element]]
            element = above[element]
        return element
