"""Batches of values that are made of attributes, and of random ones that are made of a key."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def constant(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """What has no input is the same for every example."""
    (made,) = batch.apply(op, (), attrs)
    return (batch.whole(Operand(made, batch.build.spec(made), batched=False)),)


def random(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """A key of its own for every example means a draw for every example: the numbers that it makes alone."""
    (key,) = operands
    (spec,) = op.infer((key.spec,), tuple([attrs[a.name] for a in op.attributes]))
    if not batch.size:
        return (batch("full", shape=(0, *spec.shape), fill=0, dtype=spec.dtype),)
    drawn = []
    for i in range(batch.size):
        one = batch("slice", key.value, starts=(i, 0), limits=(i + 1, 2), strides=(1, 1))
        (made,) = batch.apply(op, (batch.reshaped(one, (2,)),), attrs)
        drawn.append(batch.reshaped(made, (1, *spec.shape)))
    return (batch("concatenate", *drawn, axis=0),)
