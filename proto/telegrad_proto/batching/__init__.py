"""Batching rules: an operator on many examples at once, as a few primitives on arrays with a leading axis.

Rules belong to the families of `rules`. Both sides use them: the client where a function is mapped over a
batch (`func.vmap`), the engine where a backward pass has many cotangents (a Jacobian).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from telegrad_proto.batching import (
    contraction,
    creation,
    elementwise,
    indexing,
    linalg,
    reduction,
    shape,
    sorting,
    window,
)
from telegrad_proto.batching.recipe import Batch, Builder, Operand, Rule, T
from telegrad_proto.opset import AttrValue, Op

#: By the name of the operator's inference rule.
BATCHING: Final[Mapping[str, Rule]] = {
    "unary": elementwise.elementwise,
    "binary": elementwise.elementwise,
    "nary": elementwise.elementwise,
    "required": elementwise.required,
    "where": elementwise.elementwise,
    "cast": elementwise.elementwise,
    "polygamma": elementwise.elementwise,
    "full": creation.constant,
    "iota": creation.constant,
    "random": creation.random,
    "random_of": creation.random_of,
    "random_bits": creation.random,
    "reduction": reduction.over_axes,
    "arg_reduction": reduction.along_axis,
    "cumulative": reduction.along_axis,
    "scan": reduction.along_axis,
    "reshape": shape.reshape,
    "transpose": shape.transpose,
    "broadcast_to": shape.broadcast_to,
    "flip": reduction.over_axes,
    "slice": shape.sliced,
    "set_slice": shape.sliced,
    "pad": shape.pad,
    "concatenate": shape.concatenate,
    "gather": indexing.gather,
    "scatter": indexing.scatter,
    "index": indexing.index,
    "index_put": indexing.index_put,
    "sort": reduction.along_axis,
    "searchsorted": sorting.searchsorted,
    "matmul": contraction.matmul,
    "windows": window.trailing,
    "fold_windows": window.trailing,
    "square_matrix": window.trailing,
    "determinant": window.trailing,
    "pinv": linalg.pinv,
    "qr": window.trailing,
    "svd": window.trailing,
    "eigh": window.trailing,
    "eig": window.trailing,
    "lu": window.trailing,
    "solve": contraction.stacked,
    "fft": reduction.over_axes,
}


def apply_batched(
    build: Builder[T],
    op: Op,
    inputs: Sequence[T],
    carries: Sequence[bool],
    attrs: tuple[AttrValue, ...],
    *,
    size: int,
) -> Sequence[T]:
    """The outputs of an operator for a batch of examples.

    Args:
        build: applies the primitives.
        op: the operator.
        inputs: its inputs, some with a leading batch axis.
        carries: which have it.
        attrs: the attributes for one example, in declared order.
        size: the number of examples.

    Shape: inputs (size, ...) or (...); outputs (size, ...)

    Raises:
        GraphError: the inputs or attributes do not fit the operator; the message is that of one example.
    """
    operands = []
    for value, carried in zip(inputs, carries, strict=True):
        spec = build.spec(value)
        operands.append(Operand(value, spec.with_shape(spec.shape[1:]) if carried else spec, carried))
    op.infer(tuple([x.spec for x in operands]), attrs)
    return BATCHING[op.rule](Batch(build, size), op, operands, op.named(attrs))
