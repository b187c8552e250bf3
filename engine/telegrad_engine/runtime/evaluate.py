"""Computes values that are wanted: selection, plan, run, and what stays in memory afterwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from weakref import ref

from telegrad_engine.plan.compiler import Plan
from telegrad_engine.plan.gradient import Pending
from telegrad_engine.plan.selection import Selection, select
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.errors import OutOfMemoryError
from telegrad_proto.ir import Buffer, Value


@dataclass(frozen=True, slots=True)
class Ran:
    """A plan that ran, and on what; by ids, for handles on values would keep their graph.

    Attributes:
        plan: the steps.
        loaded: ids by the numbers that the plan loads; 0 for values without a name.
        kept: plan slots by the ids of what stays in memory.
    """

    plan: Plan
    loaded: dict[int, int]
    kept: dict[int, int]


@dataclass(slots=True)
class Evaluated:
    """What an evaluation took, and what ran: None where everything was in memory."""

    plan_ns: int = 0
    execute_ns: int = 0
    steps: int = 0
    plan_cached: bool = True
    ran: Ran | None = None


def evaluate(
    wanted: Sequence[Value], pending: Sequence[Pending], device: Device, interrupt: Interrupt
) -> tuple[Evaluated, list[tuple[Value, Buffer]]]:
    """Compute values, and keep what live ids and derivatives need.

    Args:
        wanted: values; those already in memory cost nothing.
        pending: backward passes not computed yet.
        device: where.
        interrupt: how to stop.

    Returns:
        what it took, and what is in memory now that was not: the caller keeps the buffers that it wants to
        stay.

    Raises:
        TelegradError: the evaluation failed or was stopped; `details["node"]` is the id of the value whose
            computing failed. Nothing was changed.
    """
    stats = Evaluated()
    missing = list({id(v): v for v in wanted if v.buffer is None}.values())
    if not missing:
        return stats, []
    started = time.perf_counter_ns()
    through = {id(node) for entry in pending for node in entry.region}
    selection = select(missing, through)
    plan, stats.plan_cached = device.plans.plan_for(selection)
    room = device.room_bytes()
    if room is not None and plan.peak_bytes > room:
        plan, selection, stats.plan_cached = _within(room, missing, through, device)
    stats.steps = len(plan.steps)
    planned = time.perf_counter_ns()
    slots = device.run(plan, selection.values, interrupt)
    values = selection.values
    stats.ran = Ran(
        plan,
        {number: values[number].id for _, number in plan.loads},
        {values[number].id: slot for slot, number in plan.keeps},
    )
    kept = _keep(plan, selection, slots, device)
    stats.plan_ns, stats.execute_ns = planned - started, time.perf_counter_ns() - planned
    return stats, kept


def _within(
    room: int, missing: Sequence[Value], through: AbstractSet[int], device: Device
) -> tuple[Plan, Selection, bool]:
    """A plan that takes no more than there is room for: first by repeating steps of its own, then also
    without what is kept for other derivatives.

    Raises:
        OutOfMemoryError: there is none.
    """
    selection = select(missing, through)
    plan, cached = device.plans.plan_for(selection, _rounded(room))
    if plan.peak_bytes > room and device.relief is not None and device.relief(plan.peak_bytes - room):
        selection = select(missing, through)  # more has to be computed now, in more room
        room = device.room_bytes() or 0
        plan, cached = device.plans.plan_for(selection, _rounded(room))
    if plan.peak_bytes > room:
        raise _too_large(selection, plan, device)
    return plan, selection, cached


def _rounded(room: int) -> int:
    """A little less room: plans are remembered by it, and need not be made anew for every few bytes."""
    unit = 1 << max(room.bit_length() - 5, 0)
    return room // unit * unit


def _keep(plan: Plan, selection: Selection, slots: list[Any], device: Device) -> list[tuple[Value, Buffer]]:
    values = selection.values
    kept: list[tuple[Value, Buffer]] = []
    for slot, number in plan.keeps:
        value = values[number]
        buffer = Buffer(device.backend.owned(slots[slot]), value.spec.nbytes, device.ledger)
        kept.append((value, buffer))
        assert value.node is not None, "a leaf has its array from the start"
        value.node.cells[value.index] = ref(buffer)
    for position, numbers in plan.saves:
        node = selection.nodes[position][0]
        node.saved = tuple(b for n in numbers if (b := values[n].buffer) is not None)
        node.dropped = position in plan.dropped
    for value, buffer in kept:
        if value.held and not value.inner:
            value.cut(buffer)
    return kept


def _too_large(selection: Selection, plan: Plan, device: Device) -> OutOfMemoryError:
    largest = max(selection.values, key=lambda v: v.spec.nbytes)
    node = largest.node
    if device.limit_bytes:
        bound = f"the session may hold {device.limit_bytes} bytes and holds {device.ledger.held_bytes}"
    else:
        bound = f"the sessions of this worker have room for {device.room_bytes()} more bytes together"
    return OutOfMemoryError(
        f"{bound}; this evaluation needs {plan.peak_bytes} more, its largest value {largest.spec!r} "
        f"({largest.spec.nbytes} bytes)",
        node=largest.id if node is None else node.origin,
    )
