"""Fragments that come again: a training loop sends the same operators on other numbers, step after step.

Most fragments leave no graph behind: when they have been evaluated, every id that outlives them names an
array. For such a fragment all that reading, planning and settling finds out follows from its structure:
operators, wiring, attributes, specs, with ids counted from the session's last one. So it is done once. When
the structure comes again the known plan runs on the new arrays, and the new ids name its results; no node is
made.

What is known is never more than a shortcut. Whatever is unusual (an unknown id, a limit, an error while
computing) leads to the long way, before anything was changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from telegrad_engine.plan.compiler import Plan
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.evaluate import Ran
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.errors import TelegradError
from telegrad_proto.ir import Buffer, Value
from telegrad_proto.limits import MAX_LIVE_VALUES, MAX_VALUE_ID
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2

#: Structures remembered for one session; a program has a few loops.
_REMEMBERED: Final = 256

#: Longer fragments take long anyway, and their keys would take much memory.
_MAX_NODES: Final = 2_000

#: A client may leave ids out, but these are looked through one by one.
_MAX_SPAN: Final = 10 * _MAX_NODES


@dataclass(frozen=True, slots=True)
class Structure:
    """What is the same each time.

    Ids are counted from the session's last one: 1, 2, ... are new; -1, -2, ... are values from before, in the
    order of `outside`.

    Attributes:
        key: equal for fragments that do the same.
        outside: ids of values from before.
        releases: ids from before that the fragment releases; they are no part of the key.
    """

    key: tuple[Any, ...]
    outside: tuple[int, ...]
    releases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What a structure leads to.

    Attributes:
        plan: the steps.
        loads: for each number that the plan loads, the relative id of its value.
        made: relative id, spec, plan slot and whether gradients are wanted for it, of each result that stays.
        kept_leaves: relative ids of the leaves that stay, with whether gradients are wanted for them.
        fetches: relative ids of what is sent back.
        span: how far the session's ids go on.
    """

    plan: Plan
    loads: Mapping[int, int]
    made: tuple[tuple[int, Spec, int, bool], ...]
    kept_leaves: tuple[tuple[int, bool], ...]
    fetches: tuple[int, ...]
    span: int


def structure_of(
    fragment: session_pb2.Fragment, last_id: int, names: Mapping[int, Value]
) -> Structure | None:
    """The fragment's structure, or None where it may leave a graph behind."""
    nodes = fragment.nodes[:]
    if len(nodes) > _MAX_NODES:
        return None
    outside: dict[int, int] = {}

    def relative(ids: Sequence[int]) -> tuple[int, ...]:
        return tuple([i - last_id if i > last_id else -1 - outside.setdefault(i, len(outside)) for i in ids])

    parts: list[Any] = []
    for leaf in fragment.leaves[:]:
        spec = leaf.spec
        parts += (leaf.id - last_id, spec.dtype, tuple(spec.shape))
    for node in nodes:
        parts += (node.op, node.attrs, node.output - last_id, relative(node.inputs), tuple(node.needs))
    for request in fragment.backwards[:]:
        if request.retain_graph or request.create_graph:
            return None
        cts = request.cotangents[:]
        parts += (
            request.after,
            request.batched,
            relative(request.roots),
            tuple([i != 0 for i in cts]),
            relative([i for i in cts if i]),
            relative(request.wrt),
            relative(request.gradients),
        )
    parts.append(relative(fragment.fetches))
    parts.append(relative(fragment.demands))
    releases = fragment.releases[:]
    parts.append(tuple([i - last_id for i in releases if i > last_id]))
    for id_ in outside:
        value = names.get(id_)
        if value is None or value.leaf is None:
            return None
        parts.append(value.spec)
        parts.append(value.tracked)
    return Structure(tuple(parts), tuple(outside), tuple([i for i in releases if i <= last_id]))


class Recurring:
    """The shortcuts of one session, which shares its tables.

    Args:
        names: the session's live values by id.
        buffers: the arrays that live ids hold.
        device: where to compute.
    """

    def __init__(self, names: dict[int, Value], buffers: dict[int, Buffer], device: Device) -> None:
        self._names = names
        self._buffers = buffers
        self._device = device
        self._known: OrderedDict[tuple[Any, ...], Shortcut] = OrderedDict()

    def find(self, structure: Structure) -> Shortcut | None:
        """The shortcut for a structure, if there is one and the session has room for what it makes."""
        found = self._known.get(structure.key)
        if found is None:
            return None
        self._known.move_to_end(structure.key)
        device, names = self._device, self._names
        gone = set(structure.releases)
        if len(gone) != len(structure.releases) or not gone <= names.keys():
            return None
        if any(structure.outside[-1 - i] in gone for i in found.fetches if i < 0):
            return None
        if len(names) + len(found.made) + len(found.kept_leaves) > MAX_LIVE_VALUES:
            return None
        room = device.room_bytes()
        if room is not None and found.plan.peak_bytes > room:
            return None
        return found

    def follow(
        self,
        shortcut: Shortcut,
        structure: Structure,
        leaves: Mapping[int, tuple[Spec, Buffer]],
        last_id: int,
        interrupt: Interrupt,
    ) -> list[Value] | None:
        """Do what the structure stands for.

        Args:
            shortcut: what it leads to.
            structure: where the values from before are named.
            leaves: the fragment's own leaves, by relative id.
            last_id: the session's last id.
            interrupt: how to stop.

        Returns:
            the values to send back, or None where computing failed; then nothing was changed.
        """
        if last_id + shortcut.span > MAX_VALUE_ID:
            return None
        names, backend, ledger = self._names, self._device.backend, self._device.ledger
        values = {i: Value(spec, leaf=buffer) for i, (spec, buffer) in leaves.items()}
        values.update({-1 - k: names[id_] for k, id_ in enumerate(structure.outside)})
        try:
            loads = {number: values[i] for number, i in shortcut.loads.items()}
            slots = self._device.run(shortcut.plan, loads, interrupt)
        except TelegradError:
            return None  # the long way fails in the same place, and knows the line
        for i, spec, slot, tracked in shortcut.made:
            buffer = Buffer(backend.owned(slots[slot]), spec.nbytes, ledger)
            values[i] = value = Value(spec, leaf=buffer)
            value.tracked = tracked
            self._name(last_id + i, value, buffer)
        for i, tracked in shortcut.kept_leaves:
            values[i].tracked = tracked
            self._name(last_id + i, values[i], leaves[i][1])
        for id_ in structure.releases:
            names.pop(id_).held = False
            self._buffers.pop(id_, None)
        return [values[i] for i in shortcut.fetches]

    def _name(self, id_: int, value: Value, buffer: Buffer) -> None:
        value.id, value.held = id_, True
        self._names[id_] = value
        self._buffers[id_] = buffer

    def learn(
        self,
        structure: Structure,
        fragment: session_pb2.Fragment,
        last_ids: tuple[int, int],
        ran: Ran | None,
    ) -> None:
        """Remember where a structure led to, if it left no graph behind.

        Args:
            structure: as it was before the fragment was applied.
            fragment: which has been applied and evaluated.
            last_ids: the session's last id before and after.
            ran: the plan that ran and on what; None where nothing had to be computed.
        """
        before, after = last_ids
        if ran is None or after - before > _MAX_SPAN:
            return
        place = {id_: -1 - k for k, id_ in enumerate(structure.outside)}
        own = {leaf.id: leaf.id - before for leaf in fragment.leaves}
        place.update(own)
        loads: dict[int, int] = {}
        for number, id_ in ran.loaded.items():
            found = place.get(id_)
            if found is None:
                return
            loads[number] = found
        made = []
        kept_leaves = []
        for id_ in range(before + 1, after + 1):
            value = self._names.get(id_)
            if value is None:
                continue
            if value.leaf is None:
                return
            if id_ in own:
                kept_leaves.append((id_ - before, value.tracked))
            elif id_ in ran.kept:
                made.append((id_ - before, value.spec, ran.kept[id_], value.tracked))
            else:
                return
            place[id_] = id_ - before
        fetches = tuple([place.get(id_, 0) for id_ in fragment.fetches])
        if 0 in fetches:
            return
        self._known[structure.key] = Shortcut(
            ran.plan, loads, tuple(made), tuple(kept_leaves), fetches, after - before
        )
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
