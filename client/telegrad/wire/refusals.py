"""What a refusal leaves behind: ids that name nothing on the server, and tensors that hold them.

An array may be refused when it is uploaded, a fragment as a whole, both for example because the session may
not hold so much memory. The session goes on: what came from here is sent again when it is next used, what was
to be computed from it raises the first error again, and the server hears no id that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import ref

from telegrad.wire.entries import BackwardEntry, Entry
from telegrad.wire.fragments import Batch
from telegrad.wire.values import Value
from telegrad_proto.errors import StructureError, TelegradError
from telegrad_proto.opset import OPSET
from telegrad_proto.v1 import session_pb2


class LeafRefusedError(Exception):
    """A leaf's array could not be handed over."""

    def __init__(self, leaf: Value, error: TelegradError) -> None:
        super().__init__(error.message)
        self.leaf = leaf
        self.error = error


class Refusals:
    """The ids of one session that were refused, each with the error that came for it."""

    def __init__(self) -> None:
        self._errors: dict[int, TelegradError] = {}

    def __bool__(self) -> bool:
        return bool(self._errors)

    def drop(self, batch: Batch, refused: LeafRefusedError) -> None:
        """Takes a refused leaf, and all that was to be computed from it, out of what is to be sent."""
        leaf = refused.leaf
        lost = {leaf.id}
        batch.leaves = [value for value in batch.leaves if value is not leaf]
        nodes: list[Entry] = []
        backwards: list[BackwardEntry] = []
        waiting = list(batch.backwards)
        for position in range(len(batch.nodes) + 1):
            while waiting and waiting[0].after == position:
                request = waiting.pop(0)
                if lost.isdisjoint((*request.roots, *request.cotangents, *request.wrt)):
                    request.after = len(nodes)
                    backwards.append(request)
                else:
                    lost.update(request.gradients)
            if position < len(batch.nodes):
                entry = batch.nodes[position]
                if lost.isdisjoint(entry[1]):
                    nodes.append(entry)
                else:
                    lost.update(range(entry[3], entry[3] + entry[0].outputs))
        batch.nodes, batch.backwards = nodes, backwards
        lost.discard(leaf.id)
        leaf.id, leaf.recorder = 0, None
        self._errors.update(dict.fromkeys(lost, refused.error))
        batch.released = self.without(batch.released)

    def add(
        self, fragment: session_pb2.Fragment, leaves: Iterable[ref[Value]], error: TelegradError
    ) -> tuple[TelegradError, list[int]]:
        """Notes a refused fragment.

        Args:
            fragment: as it was sent, without a form.
            leaves: the values whose arrays it carried; those that are still held are as if never sent.
            error: what the server said.

        Returns:
            the error to raise, that of an earlier refusal where this one only follows from it; and the ids
            that the fragment was to release, which the server still holds.
        """
        cause = self._cause(error)
        for id_ in _new_ids(fragment):
            self._errors[id_] = cause
        for known in leaves:
            value = known()
            if value is not None:
                self._errors.pop(value.id, None)
                value.id, value.recorder = 0, None
        return cause, self.without(fragment.releases)

    def without(self, released: Iterable[int]) -> list[int]:
        """The ids that the server knows; of the others nobody will speak again."""
        return [id_ for id_ in released if self._errors.pop(id_, None) is None]

    def _cause(self, error: TelegradError) -> TelegradError:
        named = str(error.details.get("value", "")) if isinstance(error, StructureError) else ""
        return self._errors.get(int(named), error) if named.isdigit() else error


def _new_ids(fragment: session_pb2.Fragment) -> Iterable[int]:
    for leaf in fragment.leaves:
        yield leaf.id
    for node in fragment.nodes:
        yield from range(node.output, node.output + OPSET[node.op].outputs)
    for request in fragment.backwards:
        yield from request.gradients
