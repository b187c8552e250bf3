"""Batches of operators that move elements: the batch axis stays in front."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def reshape(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Each example in the new shape."""
    return batch.apply(op, (operands[0].value,), {"shape": (batch.size, *attrs["shape"])})


def transpose(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """The dimensions behind the batch axis in another order."""
    return batch.apply(op, (operands[0].value,), {"perm": (0, *[axis + 1 for axis in attrs["perm"]])})


def broadcast_to(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """New dimensions come between the batch axis and the others."""
    shape = attrs["shape"]
    value = batch.aligned(operands[0], len(shape))
    return batch.apply(op, (value,), {"shape": (batch.size, *shape)})


def sliced(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Slices, read or written, of all examples."""
    bounds = {
        "starts": (0, *attrs["starts"]),
        "limits": (batch.size, *attrs["limits"]),
        "strides": (1, *attrs["strides"]),
    }
    return batch.apply(op, [batch.whole(x) for x in operands], bounds)


def pad(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """No example is added or taken away."""
    widths = {name: (0, *attrs[name]) for name in ("low", "high", "interior")}
    return batch.apply(op, (operands[0].value,), {**widths, "value": attrs["value"]})


def concatenate(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Parts that examples share are repeated."""
    return batch.apply(op, [batch.whole(x) for x in operands], {"axis": attrs["axis"] + 1})
