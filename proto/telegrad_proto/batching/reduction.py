"""Batches of reductions over axes, and of operators that run along one: each axis is one further back."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.opset import Op


def over_axes(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Reductions, flips, Fourier transforms: `axes` counts the batch axis too."""
    (x,) = operands
    return batch.apply(op, (x.value,), {**attrs, "axes": tuple([axis + 1 for axis in attrs["axes"]])})


def along_axis(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Running reductions, recurrences, sorting, positions of extremes: inputs of one shape, one `axis`."""
    outputs = op.infer(tuple([x.spec for x in operands]), tuple([attrs[a.name] for a in op.attributes]))
    # A number has no axis, and yet takes axis 0.
    values = [batch.shaped(batch.whole(x), x.spec.shape or (1,)) for x in operands]
    made = batch.apply(op, values, {**attrs, "axis": attrs["axis"] + 1})
    return tuple([batch.shaped(y, spec.shape) for y, spec in zip(made, outputs, strict=True)])
