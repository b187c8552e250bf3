"""Reductions over axes."""

from __future__ import annotations

import math

from telegrad_engine.kernels import scan as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Example, Forward, Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.ir import Value
from telegrad_proto.shapes import reduced

_AXES = (("axes", "ints"), ("keepdims", "bool"))
_AXIS = (("axis", "int"), ("keepdims", "bool"))


def _examples(dtype: DType = dtypes.float32, *, empty: bool = True) -> tuple[Example, ...]:
    made = [
        example(((2, 3), dtype), axes=(1,), keepdims=False),
        example(((2, 3, 2), dtype), axes=(0, 2), keepdims=True),
        example(((2, 3), dtype), axes=(0, 1), keepdims=False),
        example(((), dtype), axes=(), keepdims=False),
        example(((0, 2), dtype), axes=(1,), keepdims=False),
    ]
    if empty:
        made.append(example(((2, 0), dtype), axes=(1,), keepdims=True))
    return tuple(made)


def _restored(value: Value, x: Value, axes: tuple[int, ...]) -> Value:
    """What a reduction gave, or its cotangent, with the reduced axes back as ones."""
    return g.reshape(value, reduced(x.spec.shape, axes, True))


op(
    "sum",
    "x",
    rule=Rule("reduction", kinds="iufc"),
    attributes=_AXES,
    forward=kernels.sum_axes,
    vjps=(lambda ct, y, x, axes, keepdims: g.broadcast_to(_restored(ct, x, axes), x.spec.shape),),
    examples=_examples(),
    flops=lambda inputs, outputs, attrs: inputs[0].size,
    doc="The sum over axes, in x's own element type.",
)


def _prod_vjp(ct: Value, y: Value, x: Value, axes: tuple[int, ...], keepdims: bool) -> Value:
    """ct times the product of all others, those before and those behind: a zero divides nothing."""
    kept = tuple(axis for axis in range(x.spec.ndim) if axis not in axes)
    perm = kept + axes
    shape = tuple(x.spec.shape[axis] for axis in perm)
    row = g.reshape(g.transpose(x, perm=perm), (math.prod(shape[: len(kept)]), math.prod(shape[len(kept) :])))

    def before(values: Value) -> Value:
        shifted = g.pad(values, low=(0, 1), high=(0, -1), interior=(0, 0), value=1)
        return g.cumprod(shifted, axis=1)

    others = row
    if row.spec.shape[1]:
        behind = g.flip(before(g.flip(row, axes=(1,))), axes=(1,))
        others = g.mul(before(row), behind)
    back = tuple(perm.index(axis) for axis in range(x.spec.ndim))
    others = g.transpose(g.reshape(others, shape), perm=back)
    return g.mul(_restored(ct, x, axes), g.conj(others))


op(
    "prod",
    "x",
    rule=Rule("reduction", kinds="iufc"),
    attributes=_AXES,
    forward=kernels.prod_axes,
    vjps=(_prod_vjp,),
    examples=_examples(),
    flops=lambda inputs, outputs, attrs: inputs[0].size,
    doc="The product over axes, in x's own element type.",
)


def _extreme_vjp(ct: Value, y: Value, x: Value, axes: tuple[int, ...], keepdims: bool) -> Value:
    """ct to where the extreme stands, in even parts where it stands several times."""
    hit = g.cast(g.eq(x, _restored(y, x, axes)), x.spec.dtype)
    return g.mul(_restored(ct, x, axes), g.div(hit, g.sum(hit, axes=axes, keepdims=True)))


def _extreme(name: str, forward: Forward, /, *, doc: str) -> None:
    op(
        name,
        "x",
        rule=Rule("reduction", kinds="biuf", nonempty=name),
        attributes=_AXES,
        forward=forward,
        vjps=(_extreme_vjp,),
        examples=_examples(empty=False),
        flops=lambda inputs, outputs, attrs: inputs[0].size,
        doc=doc,
        source="PyTorch FunctionsManual.cpp, scale_grad_by_count",
    )


_extreme(
    "amax",
    lambda xp, x, *, axes, keepdims: xp.amax(x, axis=axes, keepdims=keepdims) if axes else x,
    doc="The largest element over axes, NaN if one is; ties share the gradient evenly.",
)
_extreme(
    "amin",
    lambda xp, x, *, axes, keepdims: xp.amin(x, axis=axes, keepdims=keepdims) if axes else x,
    doc="The smallest element over axes, NaN if one is; ties share the gradient evenly.",
)


def _logical(name: str, forward: Forward, /, *, doc: str) -> None:
    op(
        name,
        "x",
        rule=Rule("reduction", kinds="biufc", result="bool"),
        attributes=_AXES,
        forward=forward,
        examples=_examples(dtypes.bool_),
        flops=lambda inputs, outputs, attrs: inputs[0].size,
        doc=doc,
    )


_logical(
    "any",
    lambda xp, x, *, axes, keepdims: (
        xp.any(x.astype(bool), axis=axes, keepdims=keepdims) if axes else x.astype(bool)
    ),
    doc="Whether one over the axes is not zero.",
)
_logical(
    "all",
    lambda xp, x, *, axes, keepdims: (
        xp.all(x.astype(bool), axis=axes, keepdims=keepdims) if axes else x.astype(bool)
    ),
    doc="Whether none over the axes is zero.",
)


def _position(name: str, forward: Forward, /, *, doc: str) -> None:
    op(
        name,
        "x",
        rule=Rule("arg_reduction", name=name),
        attributes=_AXIS,
        forward=forward,
        examples=(
            example((2, 3), axis=1, keepdims=False),
            example((2, 3), axis=0, keepdims=True),
            example((), axis=0, keepdims=False),
            example((0, 2), axis=1, keepdims=False),
        ),
        flops=lambda inputs, outputs, attrs: inputs[0].size,
        doc=doc,
    )


_position(
    "argmax",
    lambda xp, x, *, axis, keepdims: xp.argmax(x, axis=axis if x.ndim else None, keepdims=keepdims).astype(
        "<i8"
    ),
    doc="The first position of the largest element along an axis.",
)
_position(
    "argmin",
    lambda xp, x, *, axis, keepdims: xp.argmin(x, axis=axis if x.ndim else None, keepdims=keepdims).astype(
        "<i8"
    ),
    doc="The first position of the smallest element along an axis.",
)
