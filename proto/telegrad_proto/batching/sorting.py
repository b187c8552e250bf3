"""Batches of searches in what is sorted."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def searchsorted(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """One row of boundaries serves all examples; where each has its own, its values are one row too."""
    boundaries, values = operands
    if boundaries.spec.ndim > 1:
        return batch.apply(op, [batch.whole(x) for x in operands], attrs)
    if not boundaries.batched:
        return batch.apply(op, (boundaries.value, values.value), attrs)
    rows = batch.shaped(batch.whole(values), (values.spec.size,))
    (made,) = batch.apply(op, (boundaries.value, rows), attrs)
    return (batch.shaped(made, values.spec.shape),)
