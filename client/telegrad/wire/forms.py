"""Fragments that come again: a loop records the same operators under new ids, turn after turn.

Their form (see `telegrad_proto.form`) is the same each time, and is written as bytes once. From then on a
fragment is found by what is pending, and only what differs is written: numbers, and the ids from before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from telegrad_proto.codec import encode_attrs

if TYPE_CHECKING:
    from telegrad.wire.fragments import Batch

#: Forms remembered for one session; a program has a few loops.
_REMEMBERED: Final = 256

#: Longer batches take long anyway, and their keys would take much memory.
MAX_NODES: Final = 2_000


class Shape:
    """What is pending, as it is each time.

    Attributes:
        base: all new ids are larger.
        key: equal for batches of equal form.
        outside: the ids from before that the batch names.
        released: the ids from before that it lets go of.
    """

    __slots__ = ("base", "key", "outside", "released")

    def __init__(self, batch: Batch, fetches: Sequence[int], demands: Sequence[int]) -> None:
        base = batch.first_id - 1
        outside: dict[int, int] = {}
        known = outside.setdefault
        key: list[Any] = []
        add = key.append
        # Ids and what is no id take turns, so a key can be read in one way only. Below zero stands a value
        # from before, by the order in which they are met. Written out: every operator comes through here.
        for leaf in batch.leaves:
            add(leaf.spec)
            add(leaf.id - base)
        for op, inputs, attrs, output, needs, _, _ in batch.nodes:
            add(op)
            add(encode_attrs(attrs, op) if attrs else None)
            add(needs)
            add(output - base)
            for i in inputs:
                add(i - base if i > base else ~known(i, len(outside)))
        for request in batch.backwards:
            add((request.after, request.retain_graph, request.create_graph, request.batched))
            for ids in (request.roots, request.cotangents, request.wrt, request.gradients):
                add(None)
                for i in ids:
                    add(i - base if i > base else ~known(i, len(outside)) if i else 0)
        for wanted in (fetches, demands):
            add(None)
            for i in wanted:
                add(i - base if i > base else ~known(i, len(outside)))
        released = batch.released
        if released and max(released) > base:
            add(None)
            key += [i - base for i in released if i > base]
            released = [i for i in released if i <= base]
        self.base = base
        self.key = tuple(key)
        self.outside = list(outside)
        self.released = released


class Forms:
    """The forms of one session's fragments."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()

    def find(self, shape: Shape) -> bytes | None:
        """The form, if it was written before."""
        found = self._known.get(shape.key)
        if found is not None:
            self._known.move_to_end(shape.key)
        return found

    def learn(self, shape: Shape, form: bytes) -> None:
        """Remembers a form."""
        self._known[shape.key] = form
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
