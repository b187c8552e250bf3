"""Makes plans, and remembers them under the structure of what they compute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

from telegrad_engine.grad.residuals import residuals_of
from telegrad_engine.grad.reverse import gradients
from telegrad_engine.ops.record import RECORDS
from telegrad_engine.plan.gradient import GRADIENT, request_of
from telegrad_engine.plan.liveness import frees
from telegrad_engine.plan.rematerialisation import Work, rematerialised
from telegrad_engine.plan.selection import Selection
from telegrad_engine.plan.term import Ref, Term, Terms
from telegrad_engine.plan.worth import by_worth, term_cost
from telegrad_proto.ir import Value


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a kernel: `outputs = run(xp, *inputs)`, then the slots of `free` are dropped.

    Attributes:
        op: the operator's name, for errors and profiles.
        origin: number of the selected value whose computing this is part of; -1 if unknown.
    """

    op: str
    run: Callable[..., Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    free: tuple[int, ...]
    origin: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A flat list of steps over numbered slots; numbers are those of a Selection with the plan's key.

    Attributes:
        slots: how many there are.
        loads: (slot, number): arrays in memory that the steps read.
        keeps: (slot, number): results that stay in memory.
        saves: (index of a selected node, numbers): what the node's derivative will read.
        peak_bytes: the most that steps' results take at one time, what was in memory before not counted.
        dropped: indices of selected nodes whose derivatives will have some of that computed again.
    """

    slots: int
    loads: tuple[tuple[int, int], ...]
    steps: tuple[Step, ...]
    keeps: tuple[tuple[int, int], ...]
    saves: tuple[tuple[int, tuple[int, ...]], ...]
    peak_bytes: int
    dropped: tuple[int, ...] = ()


def value_key(value: Value) -> tuple[int, int]:
    """What names a value while the graph stands still: its node and output, or the leaf itself."""
    return (id(value), -1) if value.node is None else (id(value.node), value.index)


class _Lowering:
    """From a selection's values to terms; backward passes are expanded here."""

    def __init__(self, selection: Selection) -> None:
        self.terms = Terms()
        self.selection = selection
        self.lowered: dict[tuple[int, int], Ref] = {}
        self.computed: set[int] = set()  # identities of the nodes that the plan applies
        self._expanded: dict[tuple[int, int], Value] = {}
        self._alive: list[Value] = []
        self._by_origin = {node.origin: first for node, first in selection.nodes if node.origin}
        for node, _ in selection.nodes:
            if node.op is GRADIENT:
                request = request_of(node)
                results = gradients(request.roots, request.cotangents, request.wrt, batch=request.batch)
                self._alive.extend(
                    results
                )  # terms are found by identity: nothing may die and be reborn meanwhile
                for index, value in enumerate(results):
                    self._expanded[id(node), index] = value

    def lower(self, wanted: Value) -> Ref:
        stack = [wanted]
        while stack:
            value = stack[-1]
            key = value_key(value)
            if key in self.lowered:
                stack.pop()
                continue
            if value.buffer is not None:
                self.lowered[key] = self.terms.given(self.selection.number[id(value)], value.spec)
                stack.pop()
                continue
            node = value.node
            assert node is not None, "a leaf without an array"
            if node.op is GRADIENT:
                inner = self._expanded[key]
                found = self.lowered.get(value_key(inner))
                if found is None:
                    stack.append(inner)
                else:
                    self.lowered[key] = found
                    stack.pop()
                continue
            missing = [v for v in node.inputs if value_key(v) not in self.lowered]
            if missing:
                missing.reverse()
                stack.extend(missing)
                continue
            inputs = [self.lowered[value_key(v)] for v in node.inputs]
            self.computed.add(id(node))
            origin = self.selection.number.get(id(node.output(0)), self._by_origin.get(node.origin, -1))
            for index, ref in enumerate(self.terms.apply(node.op, inputs, node.attrs, node.specs, origin)):
                # An output that is in memory already is not computed twice over for its siblings' sake.
                self.lowered.setdefault((id(node), index), ref)
            stack.pop()
        return self.lowered[value_key(wanted)]


def compile_plan(selection: Selection, budget: int | None = None) -> Plan:
    """The steps that compute what the selection wants, and what to keep of them.

    Args:
        selection: what is wanted, and what is there.
        budget: bytes that the results may take at one time; None: no bound. Where the plain plan takes more,
            less is kept of what nobody asks for now, and steps are repeated. The plan may still take more:
            then none was found that does not.
    """
    work = _Lowering(selection)
    values = selection.values
    keeps: dict[int, Ref] = {number: work.lower(values[number]) for number in selection.wanted}
    spared: dict[int, Ref] = {}
    reads: list[tuple[int, list[int]]] = []
    for position, (node, first) in enumerate(selection.nodes):
        for index in range(len(node.specs)):
            value, found = values[first + index], work.lowered.get((id(node), index))
            if value.held and found is not None and value.buffer is None:
                (keeps if node.op is GRADIENT else spared)[first + index] = found
        if id(node) in work.computed and node.needs and not node.freed:
            numbers = [selection.number[id(value)] for value in residuals_of(node)]
            for number, value in zip(numbers, residuals_of(node), strict=True):
                spared[number] = work.lowered[value_key(value)]
            if numbers:
                reads.append((position, numbers))
    if budget is not None:
        spared = _affordable(selection, keeps, spared, budget)
    keeps.update(spared)
    saves = [(at, tuple([n for n in numbers if n in keeps])) for at, numbers in reads]
    dropped = [at for at, numbers in reads if not all(n in keeps for n in numbers)]
    return _schedule(selection, keeps, saves, dropped, budget)


def _affordable(
    selection: Selection, keeps: dict[int, Ref], spared: dict[int, Ref], budget: int
) -> dict[int, Ref]:
    """What to keep beside what is asked for, in half of the room that is left: the derivatives need some too.

    Kept is what is dear to compute again for its size; among equals, some here and there, so that from one to
    the next it is never far.
    """
    there = selection.values
    new = [n for n in spared if n not in keeps and there[n].buffer is None]
    sizes = {n: there[n].spec.nbytes for n in new}
    room = max(budget - sum([there[n].spec.nbytes for n in keeps if there[n].buffer is None]), 0)
    left = room // 2
    if sum(sizes.values()) <= left:
        return spared
    gone = set(new)
    for place in by_worth([term_cost(spared[n][0]) / max(sizes[n], 1) for n in new]):
        number = new[place]
        if sizes[number] <= left:
            left -= sizes[number]
            gone.discard(number)
    return {n: ref for n, ref in spared.items() if n not in gone}


def _schedule(
    selection: Selection,
    keeps: dict[int, Ref],
    saves: list[tuple[int, tuple[int, ...]]],
    dropped: list[int],
    budget: int | None,
) -> Plan:
    slot_of: dict[tuple[int, int], int] = {}
    loads: list[tuple[int, int]] = []
    ordered: list[Term] = []
    seen: set[int] = set()
    for root, _ in keeps.values():
        stack = [root]
        while stack:
            term = stack[-1]
            if id(term) in seen:
                stack.pop()
                continue
            missing = [t for t, _ in term.inputs if id(t) not in seen]
            if missing:
                missing.reverse()
                stack.extend(missing)
                continue
            stack.pop()
            seen.add(id(term))
            for index in range(len(term.specs)):
                slot_of[id(term), index] = len(slot_of)
            if term.op is None:
                loads.append((slot_of[id(term), 0], term.number))
            else:
                ordered.append(term)
    reads = [tuple(slot_of[id(t), i] for t, i in term.inputs) for term in ordered]
    writes = [tuple(slot_of[id(term), i] for i in range(len(term.specs))) for term in ordered]
    kept = [(slot_of[id(t), i], number) for number, (t, i) in keeps.items()]
    sizes = [0] * len(slot_of)
    for term in ordered:
        for index, spec in enumerate(term.specs):
            sizes[slot_of[id(term), index]] = spec.nbytes
    order = list(enumerate(frees(reads, writes, (slot for slot, _ in kept))))
    if budget is not None and _peak_bytes([(writes[at], gone) for at, gone in order], sizes) > budget:
        costs = [term_cost(term) for term in ordered]
        work = Work(reads, writes, sizes, costs, frozenset([slot for slot, _ in kept]))
        order = rematerialised(work, budget) or order
    steps = tuple([_step(ordered[at], reads[at], writes[at], gone) for at, gone in order])
    # A value that was in memory already and is only kept on needs no write-back.
    news = tuple((slot, number) for slot, number in kept if selection.values[number].buffer is None)
    peak = _peak_bytes([(step.outputs, step.free) for step in steps], sizes)
    return Plan(len(slot_of), tuple(loads), steps, news, tuple(saves), peak, tuple(dropped))


def _step(term: Term, reads: tuple[int, ...], writes: tuple[int, ...], free: tuple[int, ...]) -> Step:
    assert term.op is not None, "a given array is not computed"
    return Step(term.op.name, _kernel(term), reads, writes, free, term.origin)


def _peak_bytes(steps: Sequence[tuple[Sequence[int], Sequence[int]]], sizes: Sequence[int]) -> int:
    """The most that is there at one time, by what each step writes and what is dropped after it."""
    here: set[int] = set()
    alive = peak = 0
    for writes, free in steps:
        for slot in writes:
            if slot not in here:  # written again beside one that was dropped, it is there already
                here.add(slot)
                alive += sizes[slot]
        peak = max(peak, alive)
        for slot in free:
            if slot in here:
                here.discard(slot)
                alive -= sizes[slot]
    return peak


def _kernel(term: Term) -> Callable[..., Any]:
    assert term.op is not None, "a given array is not computed"
    record = RECORDS[term.op.name]
    named = term.op.named(term.attrs)
    return partial(record.forward, **named) if named else record.forward


class PlanCache:
    """Plans by the key of their selection, the least recently used dropped first.

    Sessions share it: a plan holds no array.

    Args:
        entries: how many plans are remembered.
        parts: how long their keys may be together; a node takes about eight parts.
    """

    def __init__(self, entries: int = 512, parts: int = 1_000_000) -> None:
        self._entries: Final = entries
        self._parts: Final = parts
        self._known_parts = 0
        self._lock: Final = Lock()
        self._plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def plan_for(self, selection: Selection, budget: int | None = None) -> tuple[Plan, bool]:
        """The plan, and whether it was known; see `compile_plan`."""
        key = selection.key if budget is None else (*selection.key, "within", budget)
        with self._lock:
            found = self._plans.get(key)
            if found is not None:
                self.hits += 1
                self._plans.move_to_end(key)
                return found, True
            self.misses += 1
        plan = compile_plan(selection, budget)
        with self._lock:
            if key not in self._plans:
                self._plans[key] = plan
                self._known_parts += len(key)
            while len(self._plans) > self._entries or self._known_parts > self._parts:
                key, _ = self._plans.popitem(last=False)
                self._known_parts -= len(key)
        return plan, False
