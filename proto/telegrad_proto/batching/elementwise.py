"""Batches of operators that work element by element: the operators themselves, on aligned shapes."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def elementwise(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """What stretches at the left must not meet the batch axis, so examples get equally many dimensions."""
    ndim = max([operand.spec.ndim for operand in operands])
    # One that every example shares stretches over the batch axis by itself.
    values = [batch.aligned(x, ndim) if x.batched else x.value for x in operands]
    return batch.apply(op, values, attrs)


def required(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """What is required of one example is required of all."""
    x, condition = operands
    return batch.apply(op, (batch.whole(x), condition.value), attrs)
