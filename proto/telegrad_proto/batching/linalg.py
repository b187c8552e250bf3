"""Batches of matrix decompositions; all of them take leading dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def pinv(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Tolerances stretch to the leading dimensions, among which the batch axis is the first."""
    x, *tolerances = operands
    lead = x.spec.ndim - 2
    given = [batch.aligned(t, lead) if t.batched else t.value for t in tolerances]
    return batch.apply(op, (batch.whole(x), *given), attrs)
