"""Batches of sliding windows: these are of the last dimensions, so one more in front changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def trailing(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """The operator itself, which only looks at the last dimensions of its one input."""
    return batch.apply(op, (operands[0].value,), attrs)
