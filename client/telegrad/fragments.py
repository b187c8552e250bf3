"""What is pending, as messages: one fragment, or several where one would pass a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from telegrad.convert import payload_of
from telegrad.recorder import BackwardEntry, Entry
from telegrad.values import Value
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.limits import MAX_FRAGMENT_NODES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.v1 import session_pb2

#: Nodes of one fragment: a message of so many stays well under the message limit.
_NODES_EACH: Final = min(MAX_FRAGMENT_NODES, 16_384)
_INLINE_EACH: Final = MAX_INLINE_TOTAL_BYTES // 2


@dataclass(slots=True)
class Batch:
    """What was taken from a recorder to be sent."""

    nodes: list[Entry] = field(default_factory=list)
    leaves: list[Value] = field(default_factory=list)
    backwards: list[BackwardEntry] = field(default_factory=list)
    released: list[int] = field(default_factory=list)

    @property
    def first_id(self) -> int:
        """The smallest id that it defines; all that were sent before are smaller."""
        ids = [leaf.id for leaf in self.leaves[:1]]
        ids += [entry[3] for entry in self.nodes[:1]]
        ids += [request.gradients[0] for request in self.backwards[:1]]
        return min(ids)

    def __bool__(self) -> bool:
        return bool(self.nodes or self.leaves or self.backwards or self.released)


def fragments_of(
    batch: Batch, *, inline_bytes: int, upload: Callable[[Value, memoryview], bytes]
) -> list[session_pb2.Fragment]:
    """The messages of a batch, in order, without sequence numbers, fetches and demands.

    Ids only grow from one message to the next, so where a batch is cut, leaves, nodes and backward requests
    are cut at the same id.

    Args:
        batch: what to send.
        inline_bytes: larger arrays travel apart.
        upload: sends an array apart from the fragments and gives its digest.
    """
    if len(batch.nodes) <= _NODES_EACH and _inline_total(batch.leaves, inline_bytes) <= _INLINE_EACH:
        return [_fragment(batch, inline_bytes, upload)]
    return [_fragment(part, inline_bytes, upload) for part in _cut(batch, inline_bytes)]


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
        data = payload_of(leaf)
        message = fragment.leaves.add(id=leaf.id, spec=encode_spec(leaf.spec))
        if leaf.spec.nbytes <= inline_bytes:
            message.data = data.tobytes()
        else:
            message.digest = upload(leaf, data)
    add = fragment.nodes.add
    for op, inputs, attrs, output, needs, _, _ in batch.nodes:
        # Every field named costs time, also one that is empty.
        if attrs:
            add(op=op.name, inputs=inputs, attrs=encode_attrs(attrs, op), output=output, needs=needs)
        else:
            add(op=op.name, inputs=inputs, output=output, needs=needs)
    for request in batch.backwards:
        fragment.backwards.add(
            after=request.after,
            roots=request.roots,
            cotangents=request.cotangents,
            wrt=request.wrt,
            gradients=request.gradients,
            retain_graph=request.retain_graph,
            create_graph=request.create_graph,
            batched=request.batched,
        )
    return fragment
