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
        (made,) = batch.apply(op, (_one(batch, key, i),), attrs)
        drawn.append(batch.reshaped(made, (1, *spec.shape)))
    return (batch("concatenate", *drawn, axis=0),)


def random_of(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """A draw for every example, with its own key and parameters where it has them."""
    shape = operands[1].spec.shape
    if not batch.size:
        return (batch("full", shape=(0, *shape), fill=0, dtype=operands[1].spec.dtype),)
    drawn = []
    for i in range(batch.size):
        inputs = [_one(batch, operand, i) if operand.batched else operand.value for operand in operands]
        drawn.append(batch.reshaped(batch.apply(op, inputs, attrs)[0], (1, *shape)))
    return (batch("concatenate", *drawn, axis=0),)


def _one(batch: Batch[T], operand: Operand[T], i: int) -> T:
    shape = operand.spec.shape
    ones = (1,) * (len(shape) + 1)
    part = batch("slice", operand.value, starts=(i, *[0] * len(shape)), limits=(i + 1, *shape), strides=ones)
    return batch.reshaped(part, shape)
