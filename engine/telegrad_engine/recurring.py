"""Fragments that come again: a training loop sends the same operators on other numbers, step after step.

Most fragments leave no graph behind: when they have been evaluated, every id that outlives them names an
array. For such a fragment all that reading, planning and settling finds out follows from its structure: its
form (see `telegrad_proto.form`), and what it stands on. So it is done once. When the structure comes again
the known plan runs on the new arrays, and the new ids name its results; no node is made, and the form is not
even read.

What is known is never more than a shortcut. Whatever is unusual (an unknown id, a limit, an error while
computing) leads to the long way, before anything was changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from telegrad_engine.plan.compiler import Plan
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.evaluate import Ran
from telegrad_engine.runtime.executor import Interrupt
from telegrad_engine.runtime.leaves import LeafMaker
from telegrad_proto.codec import decode_spec
from telegrad_proto.errors import TelegradError
from telegrad_proto.ir import Buffer, Value
from telegrad_proto.limits import MAX_LIVE_VALUES, MAX_VALUE_ID
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2, session_pb2

#: Structures remembered for one session; a program has a few loops.
_REMEMBERED: Final = 256

#: Longer forms take long anyway, and would take much memory.
_MAX_BYTES: Final = 64 * 1024

#: A client may leave ids out, but these are looked through one by one.
_MAX_SPAN: Final = 20_000


class Structure(NamedTuple):
    """What is the same each time, and on which values this time.

    Attributes:
        key: equal for fragments that do the same.
        outside: the values from before that the fragment names.
        base: its new ids count on from here.
        releases: ids from before that it releases; they are no part of the key.
    """

    key: tuple[Any, ...]
    outside: list[Value]
    base: int
    releases: list[int]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What a structure leads to. Values have indices: first those from outside, then the leaves.

    Attributes:
        plan: the steps.
        loads: index of the value, and the plan's slot for its array.
        leaves: specs of the fragment's own leaves.
        kept_leaves: index, relative id and whether gradients are wanted for it, of each leaf that stays.
        made: relative id, spec, plan slot and whether gradients are wanted for it, of each result that stays.
        fetches: what is sent back: an index, or the relative id of a result and 1.
        fetches_outside: the indices among them that are of values from outside.
        span: how far the session's ids go on.
    """

    plan: Plan
    loads: tuple[tuple[int, int], ...]
    leaves: tuple[Spec, ...]
    kept_leaves: tuple[tuple[int, int, bool], ...]
    made: tuple[tuple[int, Spec, int, bool], ...]
    fetches: tuple[tuple[int, int], ...]
    fetches_outside: tuple[int, ...]
    span: int


def structure_of(
    fragment: session_pb2.Fragment, last_id: int, names: Mapping[int, Value]
) -> Structure | None:
    """The fragment's structure, or None where it has no form, or stands on a graph that is still wanted."""
    form, base = fragment.form, fragment.base
    if not form or base < last_id:
        return None
    if fragment.nodes or fragment.backwards or fragment.fetches or fragment.demands:
        return None  # they belong into the form
    key: list[Any] = [form]
    outside = []
    for id_ in fragment.outside[:]:
        value = names.get(id_)
        if value is None or value.leaf is None:
            return None
        outside.append(value)
        key += (value.spec, value.tracked)
    if len(outside) > 1 and len(set(outside)) < len(outside):
        return None  # a value under two places would be another structure
    return Structure(tuple(key), outside, base, fragment.releases[:])


class Recurring:
    """The shortcuts of one session, which shares its tables.

    Args:
        names: the session's live values by id.
        buffers: the arrays that live ids hold.
        device: where to compute.
        leaves: makes the arrays that fragments bring.
    """

    def __init__(
        self, names: dict[int, Value], buffers: dict[int, Buffer], device: Device, leaves: LeafMaker
    ) -> None:
        self._names = names
        self._buffers = buffers
        self._device = device
        self._leaves = leaves
        self._known: OrderedDict[tuple[Any, ...], Shortcut] = OrderedDict()

    def find(self, structure: Structure) -> Shortcut | None:
        """The shortcut for a structure, if there is one and the session has room for what it makes."""
        found = self._known.get(structure.key)
        if found is None:
            return None
        self._known.move_to_end(structure.key)
        device, names, releases = self._device, self._names, structure.releases
        if releases:
            gone = set(releases)
            if len(gone) != len(releases) or not gone <= names.keys():
                return None
            for i in found.fetches_outside:
                if structure.outside[i].id in gone:
                    return None
        if len(names) + len(found.made) + len(found.kept_leaves) > MAX_LIVE_VALUES:
            return None
        if structure.base + found.span > MAX_VALUE_ID:
            return None
        room = device.room_bytes()
        if room is not None and found.plan.peak_bytes > room:
            return None
        return found

    def follow(
        self,
        shortcut: Shortcut,
        structure: Structure,
        leaves: Sequence[graph_pb2.Leaf],
        interrupt: Interrupt,
    ) -> list[Value] | None:
        """Do what the structure stands for.

        Args:
            shortcut: what it leads to.
            structure: on which values.
            leaves: the contents of the fragment's leaves.
            interrupt: how to stop.

        Returns:
            the values to send back, or None where something is wrong with a leaf or computing failed; then
            nothing was changed.
        """
        if len(leaves) != len(shortcut.leaves):
            return None
        backend, base = self._device.backend, structure.base
        values = structure.outside.copy()
        slots: list[Any] = [None] * shortcut.plan.slots
        try:
            for leaf, spec in zip(leaves, shortcut.leaves, strict=True):
                values.append(Value(spec, leaf=self._leaves.filled(spec, leaf)))
            for index, slot in shortcut.loads:
                buffer = values[index].leaf
                assert buffer is not None, "a structure stands on leaves"
                slots[slot] = buffer.array
            self._device.take_steps(shortcut.plan, slots, interrupt)
        except TelegradError:
            return None  # the long way fails in the same place, and knows the line
        names, buffers, ledger = self._names, self._buffers, self._device.ledger
        made: dict[int, Value] = {}
        for i, spec, slot, tracked in shortcut.made:
            buffer = buffers[base + i] = Buffer(backend.owned(slots[slot]), spec.nbytes, ledger)
            made[i] = names[base + i] = value = Value(spec, leaf=buffer)
            value.id, value.held, value.tracked = base + i, True, tracked
        for index, i, tracked in shortcut.kept_leaves:
            names[base + i] = value = values[index]
            value.id, value.held, value.tracked = base + i, True, tracked
            assert value.leaf is not None, "it was made as one"
            buffers[base + i] = value.leaf
        for id_ in structure.releases:
            names.pop(id_).held = False
            buffers.pop(id_, None)
        return [made[i] if own else values[i] for i, own in shortcut.fetches]

    def learn(
        self,
        structure: Structure,
        outside: Sequence[int],
        fragment: session_pb2.Fragment,
        last_id: int,
        ran: Ran | None,
    ) -> None:
        """Remember where a structure led to, if it left no graph behind.

        Args:
            structure: as it was before the fragment was applied.
            outside: the ids of its values from before.
            fragment: the expanded fragment, which has been applied and evaluated.
            last_id: the session's last id by now.
            ran: the plan that ran and on what; None where nothing had to be computed.
        """
        base, names = structure.base, self._names
        if ran is None or last_id - base > _MAX_SPAN or len(structure.key[0]) > _MAX_BYTES:
            return
        if any(request.retain_graph or request.create_graph for request in fragment.backwards):
            return
        own = [leaf.id for leaf in fragment.leaves]
        index = {id_: i for i, id_ in enumerate((*outside, *own))}
        if not index.keys() >= set(ran.loaded.values()):
            return
        loads = tuple([(index[ran.loaded[number]], slot) for slot, number in ran.plan.loads])
        made = []
        kept_leaves = []
        for id_ in range(base + 1, last_id + 1):
            value = names.get(id_)
            if value is None:
                continue
            if value.leaf is None:
                return
            if id_ in index:
                kept_leaves.append((index[id_], id_ - base, value.tracked))
            elif id_ in ran.kept:
                made.append((id_ - base, value.spec, ran.kept[id_], value.tracked))
            else:
                return
        fetches = []
        stays = {i for i, *_ in made}
        for id_ in fragment.fetches:
            if id_ in index:
                fetches.append((index[id_], 0))
            elif id_ - base in stays:
                fetches.append((id_ - base, 1))
            else:
                return
        specs = tuple([decode_spec(leaf.spec) for leaf in fragment.leaves])
        self._known[structure.key] = Shortcut(
            ran.plan,
            loads,
            specs,
            tuple(kept_leaves),
            tuple(made),
            tuple(fetches),
            tuple([i for i, own_result in fetches if not own_result and i < len(outside)]),
            last_id - base,
        )
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
