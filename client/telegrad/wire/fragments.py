"""What is pending, as messages: one fragment, or several where one would pass a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from telegrad.wire.convert import payload_of
from telegrad.wire.entries import BackwardEntry, Entry
from telegrad.wire.forms import MAX_NODES, Forms, Shape
from telegrad.wire.values import Value
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.form import compact
from telegrad_proto.limits import MAX_FRAGMENT_NODES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.v1 import graph_pb2, session_pb2

#: Nodes of one fragment: a message of so many stays well under the message limit.
_NODES_EACH: Final = min(MAX_FRAGMENT_NODES, 16_384)
_INLINE_EACH: Final = MAX_INLINE_TOTAL_BYTES // 2


@dataclass(slots=True)
class Batch:
    """What was taken from a recorder to be sent.

    Attributes:
        next_id: no id that it defines, or that was sent before, is as large.
    """

    nodes: list[Entry] = field(default_factory=list)
    leaves: list[Value] = field(default_factory=list)
    backwards: list[BackwardEntry] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    next_id: int = 0

    @property
    def first_id(self) -> int:
        """The smallest id that it defines, or the next; all that were sent before are smaller."""
        first = self.next_id
        if self.nodes:
            first = self.nodes[0][3]
        if self.leaves and self.leaves[0].id < first:
            first = self.leaves[0].id
        if self.backwards and self.backwards[0].gradients[0] < first:
            first = self.backwards[0].gradients[0]
        return first

    def __bool__(self) -> bool:
        return bool(self.nodes or self.leaves or self.backwards or self.released)


def fragments_of(
    batch: Batch,
    *,
    inline_bytes: int,
    upload: Callable[[Value, memoryview], bytes],
    forms: Forms,
    fetches: Sequence[int] = (),
    demands: Sequence[int] = (),
) -> list[tuple[session_pb2.Fragment, Batch]]:
    """The messages of a batch, in order, without sequence numbers, each with the part that it carries.

    Ids only grow from one message to the next, so where a batch is cut, leaves, nodes and backward requests
    are cut at the same id.

    Args:
        batch: what to send.
        inline_bytes: larger arrays travel apart.
        upload: sends an array apart from the fragments and gives its digest.
        forms: what was sent before, for what is not too long to come again.
        fetches: ids of what the last message asks to be computed and sent back.
        demands: ids of what it asks to be computed.
    """
    count = len(batch.nodes)
    if count > _NODES_EACH or (batch.leaves and _inline_total(batch.leaves, inline_bytes) > _INLINE_EACH):
        parts = list(_cut(batch, inline_bytes))
        made = [(_fragment(part, inline_bytes, upload), part) for part in parts]
    elif count > MAX_NODES or not (batch.nodes or batch.backwards):
        made = [(_fragment(batch, inline_bytes, upload), batch)]
    else:
        return [(_formed(batch, inline_bytes, upload, forms, fetches, demands), batch)]
    made[-1][0].fetches.extend(fetches)
    made[-1][0].demands.extend(demands)
    return made


def _formed(
    batch: Batch,
    inline_bytes: int,
    upload: Callable[[Value, memoryview], bytes],
    forms: Forms,
    fetches: Sequence[int],
    demands: Sequence[int],
) -> session_pb2.Fragment:
    shape = Shape(batch, fetches, demands)
    form = forms.find(shape)
    if form is None:
        plain = _fragment(batch, inline_bytes, upload)
        plain.fetches.extend(fetches)
        plain.demands.extend(demands)
        fragment = compact(plain, shape.base, shape.outside)
        forms.learn(shape, fragment.form)
        return fragment
    fragment = session_pb2.Fragment(
        form=form, base=shape.base, outside=shape.outside, releases=shape.released
    )
    for leaf in batch.leaves:
        _fill(fragment.leaves.add(), leaf, inline_bytes, upload)
    return fragment


def _fill(
    message: graph_pb2.Leaf, leaf: Value, inline_bytes: int, upload: Callable[[Value, memoryview], bytes]
) -> None:
    if leaf.spec.nbytes <= inline_bytes:
        assert leaf.local is not None, "only a value that is known here is sent"
        message.data = leaf.local.tobytes()
    else:
        message.digest = upload(leaf, payload_of(leaf))


def _inline_total(leaves: Sequence[Value], inline_bytes: int) -> int:
    return sum([leaf.spec.nbytes for leaf in leaves if leaf.spec.nbytes <= inline_bytes])


def _cut(batch: Batch, inline_bytes: int) -> Iterator[Batch]:
    """The batch in parts that each fit a message. Releases go with the last."""
    steps: list[tuple[int, Value | Entry | BackwardEntry]] = [(leaf.id, leaf) for leaf in batch.leaves]
    steps += [(entry[3], entry) for entry in batch.nodes]
    steps += [(request.gradients[0], request) for request in batch.backwards]
    steps.sort(key=lambda step: step[0])
    part, inline = Batch(), 0
    before = 0
    for _, step in steps:
        if isinstance(step, Value):
            size = step.spec.nbytes if step.spec.nbytes <= inline_bytes else 0
            if inline + size > _INLINE_EACH:
                yield part
                before += len(part.nodes)
                part, inline = Batch(), 0
            part.leaves.append(step)
            inline += size
        elif isinstance(step, BackwardEntry):
            step.after -= before
            part.backwards.append(step)
        else:
            if len(part.nodes) >= _NODES_EACH:
                yield part
                before += len(part.nodes)
                part, inline = Batch(), 0
            part.nodes.append(step)
    part.released = batch.released
    yield part


def _fragment(
    batch: Batch, inline_bytes: int, upload: Callable[[Value, memoryview], bytes]
) -> session_pb2.Fragment:
    fragment = session_pb2.Fragment(releases=batch.released)
    for leaf in batch.leaves:
        _fill(fragment.leaves.add(id=leaf.id, spec=encode_spec(leaf.spec)), leaf, inline_bytes, upload)
    add = fragment.nodes.add
    for op, inputs, attrs, output, needs, _, _ in batch.nodes:
        # Every field named costs time, also one that is empty.
        if attrs:
            add(op=op.name, inputs=inputs, attrs=encode_attrs(attrs, op), output=output, needs=needs)
        else:
            add(op=op.name, inputs=inputs, output=output, needs=needs)
    for request in batch.backwards:
        fragment.backwards.add(**request.fields())
    return fragment
