"""Batches of reads and writes at positions that are values."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto import shapes
from telegrad_proto.batching.recipe import Attrs, Batch, Operand, T
from telegrad_proto.dtypes import int64
from telegrad_proto.opset import Op


def gather(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Reads along the axis, which is one further back."""
    x, index = operands
    if not index.spec.size:  # nothing is asked of the shape of an empty index
        return (batch("full", shape=(batch.size, *index.spec.shape), fill=0, dtype=x.spec.dtype),)
    values = [batch.shaped(batch.whole(v), v.spec.shape or (1,)) for v in operands]
    (made,) = batch.apply(op, values, {"axis": attrs["axis"] + 1})
    return (batch.shaped(made, index.spec.shape),)


def scatter(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Writes along the axis, which is one further back."""
    x, index, _ = operands
    if not index.spec.size:
        return (batch("identity", batch.whole(x)),)
    values = [batch.shaped(batch.whole(v), v.spec.shape or (1,)) for v in operands]
    (made,) = batch.apply(op, values, {"axis": attrs["axis"] + 1})
    return (batch.shaped(made, x.spec.shape),)


def index(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Reads at index arrays; where these differ from example to example, the example's number is one more."""
    x, *indices = operands
    axes = attrs["axes"]
    picked = _picked(indices)
    together, first = _together(axes), axes[0]
    if not any(i.batched for i in indices):
        shared = [i.value for i in indices]
        (made,) = batch.apply(op, (x.value, *shared), {"axes": _behind(axes)})
        return (made if together else _to_front(batch, made, picked),)
    if not x.batched:
        own = [batch.aligned(i, picked) if i.batched else i.value for i in indices]
        (made,) = batch.apply(op, (x.value, *own), {"axes": axes})
        return (_to_front(batch, made, first) if together else made,)
    (made,) = batch.apply(op, (x.value, *_numbered(batch, indices, picked)), {"axes": (0, *_behind(axes))})
    if together and first:
        ndim = batch.build.spec(made).ndim
        before = range(1 + picked, 1 + picked + first)
        perm = (0, *before, *range(1, 1 + picked), *range(1 + picked + first, ndim))
        made = batch.transposed(made, perm)
    return (made,)


def index_put(batch: Batch[T], op: Op, operands: Sequence[Operand[T]], attrs: Attrs) -> tuple[T, ...]:
    """Writes at index arrays, as `index` reads."""
    x, values, *indices = operands
    axes = attrs["axes"]
    picked = _picked(indices)
    together, first = _together(axes), axes[0]
    ndim = x.spec.ndim - len(axes) + picked
    source = batch.aligned(values, ndim)
    if any(i.batched for i in indices):
        places, where = _numbered(batch, indices, picked), (0, *_behind(axes))
        if together and first:
            taken = range(1 + first, 1 + first + picked)
            perm = (0, *taken, *range(1, 1 + first), *range(1 + first + picked, 1 + ndim))
            source = batch.transposed(source, perm)
    else:
        places, where = [i.value for i in indices], _behind(axes)
        if not together:
            source = batch.transposed(source, (*range(1, 1 + picked), 0, *range(1 + picked, 1 + ndim)))
    named = {"axes": where, "accumulate": attrs["accumulate"]}
    return batch.apply(op, (batch.whole(x), source, *places), named)


def _picked(indices: Sequence[Operand[T]]) -> int:
    """How many dimensions the indices have together."""
    return len(shapes.broadcast_all([i.spec.shape for i in indices]))


def _together(axes: Sequence[int]) -> bool:
    """Whether the axes are neighbours: what is picked then stands in their place, else in front."""
    return axes[-1] - axes[0] == len(axes) - 1


def _behind(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple([axis + 1 for axis in axes])


def _numbered(batch: Batch[T], indices: Sequence[Operand[T]], ndim: int) -> list[T]:
    """The example's own number as the first index, then the indices."""
    rows = batch.reshaped(batch("iota", size=batch.size, dtype=int64), (batch.size, *(1,) * ndim))
    return [rows, *[batch.aligned(i, ndim) if i.batched else i.value for i in indices]]


def _to_front(batch: Batch[T], value: T, axis: int) -> T:
    """The value with its batch axis, which is this one, moved to the front."""
    ndim = batch.build.spec(value).ndim
    return batch.transposed(value, (axis, *range(axis), *range(axis + 1, ndim)))
