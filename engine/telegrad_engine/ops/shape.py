"""Operators that move elements and compute none."""

from __future__ import annotations

from typing import Any

from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.ir import Value
from telegrad_proto.shapes import sliced_dim

Ints = tuple[int, ...]

_SLICE = (("starts", "ints"), ("limits", "ints"), ("strides", "ints"))

op(
    "reshape",
    "x",
    rule=Rule("reshape"),
    attributes=(("shape", "ints"),),
    forward=lambda xp, x, *, shape: x.reshape(shape),
    vjps=(lambda ct, y, x, shape: g.reshape(ct, x.spec.shape),),
    examples=(
        example((2, 3), shape=(3, 2)),
        example((), shape=(1, 1)),
        example((1,), shape=()),
        example((0, 2), shape=(3, 0)),
    ),
    flops=0,
    doc="The same elements in C order, in other dimensions.",
)
op(
    "transpose",
    "x",
    rule=Rule("transpose"),
    attributes=(("perm", "ints"),),
    forward=lambda xp, x, *, perm: x.transpose(perm),
    vjps=(lambda ct, y, x, perm: g.transpose(ct, perm=tuple(perm.index(axis) for axis in range(len(perm)))),),
    examples=(example((2, 3, 4), perm=(2, 0, 1)), example((), perm=()), example((0, 2), perm=(1, 0))),
    flops=0,
    doc="The dimensions in another order.",
)
op(
    "broadcast_to",
    "x",
    rule=Rule("broadcast_to"),
    attributes=(("shape", "ints"),),
    forward=lambda xp, x, *, shape: xp.broadcast_to(x, shape),
    vjps=(lambda ct, y, x, shape: g.sum_to(ct, x.spec.shape),),
    examples=(
        example((3, 1), shape=(2, 3, 4)),
        example((), shape=(2,)),
        example((1, 2), shape=(0, 2)),
        example((2,), shape=(2,)),
    ),
    flops=0,
    doc="x repeated along dimensions of size 1, and along new ones in front.",
)
op(
    "flip",
    "x",
    rule=Rule("flip"),
    attributes=(("axes", "ints"),),
    forward=lambda xp, x, *, axes: xp.flip(x, axes) if axes else x,
    vjps=(lambda ct, y, x, axes: g.flip(ct, axes=axes),),
    examples=(
        example((2, 3), axes=(1,)),
        example((2, 3), axes=(0, 1)),
        example((), axes=()),
        example((0, 2), axes=(0,)),
    ),
    flops=0,
    doc="Axes reversed.",
)


def _pick(starts: Ints, limits: Ints, strides: Ints) -> tuple[slice, ...]:
    return tuple(map(slice, starts, limits, strides))


def _slice_vjp(ct: Value, y: Value, x: Value, starts: Ints, limits: Ints, strides: Ints) -> Value:
    """ct put back into zeros: padding with the strides as gaps."""
    gaps = tuple(stride - 1 for stride in strides)
    spread = tuple(dim + gap * max(dim - 1, 0) for dim, gap in zip(ct.spec.shape, gaps, strict=True))
    high = tuple(dim - start - taken for dim, start, taken in zip(x.spec.shape, starts, spread, strict=True))
    return g.pad(ct, low=starts, high=high, interior=gaps, value=0)


op(
    "slice",
    "x",
    rule=Rule("slice"),
    attributes=_SLICE,
    forward=lambda xp, x, *, starts, limits, strides: x[_pick(starts, limits, strides)],
    vjps=(_slice_vjp,),
    examples=(
        example((5, 3), starts=(1, 0), limits=(5, 2), strides=(2, 1)),
        example((6,), starts=(0,), limits=(6,), strides=(4,)),
        example((3, 2), starts=(2, 1), limits=(2, 2), strides=(1, 3)),
        example((), starts=(), limits=(), strides=()),
        example((0,), starts=(0,), limits=(0,), strides=(2,)),
    ),
    flops=0,
    doc="The elements start, start + stride, ... before limit in every dimension.",
)


def _set_slice(xp: Any, x: Any, src: Any, *, starts: Ints, limits: Ints, strides: Ints) -> Any:
    out = xp.array(x, copy=True, order="C")
    out[_pick(starts, limits, strides)] = src
    return out


op(
    "set_slice",
    "x src",
    rule=Rule("set_slice"),
    attributes=_SLICE,
    forward=_set_slice,
    vjps=(
        lambda ct, y, x, src, **where: g.set_slice(ct, g.zeros_like(src), **where),
        lambda ct, y, x, src, **where: g.slice(ct, **where),
    ),
    examples=(
        example((5, 3), (2, 2), starts=(1, 0), limits=(5, 2), strides=(2, 1)),
        example((), (), starts=(), limits=(), strides=()),
        example((3,), (0,), starts=(1,), limits=(1,), strides=(1,)),
    ),
    flops=0,
    doc="x with src written over a slice.",
)


def _pad(xp: Any, x: Any, *, low: Ints, high: Ints, interior: Ints, value: Any) -> Any:
    spread = tuple(dim + gap * max(dim - 1, 0) for dim, gap in zip(x.shape, interior, strict=True))
    shape = tuple(map(sum, zip(low, spread, high, strict=True)))
    out = xp.full(shape, xp.asarray(value).astype(x.dtype), x.dtype)
    to, of = [], []
    for before, dim, gap, size in zip(low, x.shape, interior, shape, strict=True):
        stride = gap + 1
        first = -(before // stride) if before < 0 else 0  # the first element that is not cropped
        start = before + first * stride
        count = min(max(dim - first, 0), sliced_dim(start, size, stride))
        to.append(slice(start, start + count * stride, stride) if count else slice(0, 0))
        of.append(slice(first, first + count) if count else slice(0, 0))
    out[tuple(to)] = x[tuple(of)]
    return out


def _pad_vjp(
    ct: Value, y: Value, x: Value, low: Ints, high: Ints, interior: Ints, value: bool | complex
) -> Value:
    """Cropped what was added, zeros where was cropped, and the gaps left out."""
    none = (0,) * x.spec.ndim
    uncut = g.pad(ct, low=tuple(-n for n in low), high=tuple(-n for n in high), interior=none, value=0)
    return g.slice(uncut, starts=none, limits=uncut.spec.shape, strides=tuple(gap + 1 for gap in interior))


op(
    "pad",
    "x",
    rule=Rule("pad"),
    attributes=(("low", "ints"), ("high", "ints"), ("interior", "ints"), ("value", "scalar")),
    forward=_pad,
    vjps=(_pad_vjp,),
    examples=(
        example((2, 3), low=(1, 0), high=(0, 2), interior=(0, 1), value=1),
        example((4, 3), low=(-1, 2), high=(1, -1), interior=(0, 0), value=0),
        example((4,), low=(-3,), high=(-1,), interior=(1,), value=0),
        example((3,), low=(-5,), high=(5,), interior=(1,), value=0),
        example((), low=(), high=(), interior=(), value=0),
        example((0,), low=(2,), high=(1,), interior=(3,), value=1),
    ),
    flops=0,
    doc="x with a value around it and between its elements; negative low and high crop.",
)


def _concatenate_vjp(ct: Value, y: Value, *inputs: Value, axis: int, position: int) -> Value:
    """ct where this input stands."""
    start = sum(x.spec.shape[axis] for x in inputs[:position])
    size = inputs[position].spec.shape[axis]
    shape = ct.spec.shape
    return g.slice(
        ct,
        starts=tuple(start if i == axis else 0 for i in range(len(shape))),
        limits=tuple(start + size if i == axis else dim for i, dim in enumerate(shape)),
        strides=(1,) * len(shape),
    )


op(
    "concatenate",
    "*xs",
    rule=Rule("concatenate"),
    attributes=(("axis", "int"),),
    forward=lambda xp, *xs, axis: xp.concatenate(xs, axis=axis),
    vjps=(_concatenate_vjp,),
    examples=(
        example((2, 3), (2, 1), (2, 0), axis=1),
        example((1,), (2,), axis=0),
        example(((2, 3), dtypes.float32), axis=0),
        example((0, 2), (0, 2), axis=0),
    ),
    flops=0,
    doc="The inputs one behind the other along an axis.",
)
