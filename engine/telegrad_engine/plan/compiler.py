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
from telegrad_engine.plan.selection import Selection
from telegrad_engine.plan.term import Ref, Term, Terms
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
    """

    slots: int
    loads: tuple[tuple[int, int], ...]
    steps: tuple[Step, ...]
    keeps: tuple[tuple[int, int], ...]
    saves: tuple[tuple[int, tuple[int, ...]], ...]
    peak_bytes: int


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


def compile_plan(selection: Selection) -> Plan:
    """The steps that compute what the selection wants, and what to keep of them."""
    work = _Lowering(selection)
    values = selection.values
    keeps: dict[int, Ref] = {number: work.lower(values[number]) for number in selection.wanted}
    saves: list[tuple[int, tuple[int, ...]]] = []
    for position, (node, first) in enumerate(selection.nodes):
        for index in range(len(node.specs)):
            value, found = values[first + index], work.lowered.get((id(node), index))
            if value.held and found is not None and value.buffer is None:
                keeps[first + index] = found
        if id(node) in work.computed and node.needs and not node.freed:
            numbers = []
            for value in residuals_of(node):
                number = selection.number[id(value)]
                keeps[number] = work.lowered[value_key(value)]
                numbers.append(number)
            if numbers:
                saves.append((position, tuple(numbers)))
    return _schedule(selection, keeps, saves)


def _schedule(selection: Selection, keeps: dict[int, Ref], saves: list[tuple[int, tuple[int, ...]]]) -> Plan:
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
    gone = frees(reads, writes, (slot for slot, _ in kept))
    steps = tuple(
        Step(term.op.name, _kernel(term), inputs, outputs, free, term.origin)
        for term, inputs, outputs, free in zip(ordered, reads, writes, gone, strict=True)
        if term.op is not None
    )
    # A value that was in memory already and is only kept on needs no write-back.
    news = tuple((slot, number) for slot, number in kept if selection.values[number].buffer is None)
    sizes = [0] * len(slot_of)
    for term in ordered:
        for index, spec in enumerate(term.specs):
            sizes[slot_of[id(term), index]] = spec.nbytes
    return Plan(len(slot_of), tuple(loads), steps, news, tuple(saves), _peak_bytes(steps, sizes))


def _peak_bytes(steps: Sequence[Step], sizes: Sequence[int]) -> int:
    alive = peak = 0
    for step in steps:
        alive += sum(sizes[slot] for slot in step.outputs)
        peak = max(peak, alive)
        alive -= sum(sizes[slot] for slot in step.free)
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

    def plan_for(self, selection: Selection) -> tuple[Plan, bool]:
        """The plan, and whether it was known."""
        with self._lock:
            found = self._plans.get(selection.key)
            if found is not None:
                self.hits += 1
                self._plans.move_to_end(selection.key)
                return found, True
            self.misses += 1
        plan = compile_plan(selection)
        with self._lock:
            if selection.key not in self._plans:
                self._plans[selection.key] = plan
                self._known_parts += len(selection.key)
            while len(self._plans) > self._entries or self._known_parts > self._parts:
                key, _ = self._plans.popitem(last=False)
                self._known_parts -= len(key)
        return plan, False
