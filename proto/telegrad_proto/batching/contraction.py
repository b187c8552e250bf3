"""Batches of matrix products."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def matmul(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """One product of stacked rows where all examples share the second matrix, else a batch of products."""
    a, b = operands
    if a.batched and not b.batched and a.spec.ndim == b.spec.ndim == 2:
        (m, k), n = a.spec.shape, b.spec.shape[1]
        (made,) = batch.apply(op, (batch.reshaped(a.value, (batch.size * m, k)), b.value), attrs)
        return (batch.shaped(made, (m, n)),)
    return stacked(batch, op, operands, attrs)


def stacked(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Operators on stacks of matrices: the batch axis is one more leading dimension, and those stretch."""
    ndim = max([operand.spec.ndim for operand in operands])
    return batch.apply(op, [batch.aligned(x, ndim) if x.batched else x.value for x in operands], attrs)
