"""Sliding windows and their overlap-add: what convolutions and pools are composed of."""

from __future__ import annotations

from telegrad_engine.kernels import windows as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.ir import Value

Ints = tuple[int, ...]


def _windows_vjp(ct: Value, y: Value, x: Value, sizes: Ints, strides: Ints, dilations: Ints) -> Value:
    spatial = x.spec.shape[x.spec.ndim - len(sizes) :]
    return g.fold_windows(ct, spatial=spatial, strides=strides, dilations=dilations)


op(
    "windows",
    "x",
    rule=Rule("windows"),
    attributes=(("sizes", "ints"), ("strides", "ints"), ("dilations", "ints")),
    forward=kernels.windows,
    vjps=(_windows_vjp,),
    examples=(
        example((2, 7), sizes=(3,), strides=(1,), dilations=(2,)),
        example((2, 5, 6), sizes=(2, 3), strides=(2, 1), dilations=(1, 2)),
        example((4,), sizes=(4,), strides=(3,), dilations=(1,)),
        example((0, 4), sizes=(2,), strides=(1,), dilations=(1,)),
        example((2,), sizes=(), strides=(), dilations=()),
    ),
    flops=0,
    doc="Every window over the last dimensions: lead + spatial gives lead + counts + sizes.",
)


def _fold_vjp(ct: Value, y: Value, x: Value, spatial: Ints, strides: Ints, dilations: Ints) -> Value:
    sizes = x.spec.shape[x.spec.ndim - len(spatial) :]
    return g.windows(ct, sizes=sizes, strides=strides, dilations=dilations)


op(
    "fold_windows",
    "x",
    rule=Rule("fold_windows"),
    attributes=(("spatial", "ints"), ("strides", "ints"), ("dilations", "ints")),
    forward=kernels.fold_windows,
    vjps=(_fold_vjp,),
    examples=(
        example((2, 3, 3), spatial=(7,), strides=(1,), dilations=(2,)),
        example((2, 2, 2, 2, 3), spatial=(5, 6), strides=(2, 1), dilations=(1, 2)),
        example((1, 4), spatial=(4,), strides=(3,), dilations=(1,)),
        example((0, 3, 2), spatial=(4,), strides=(1,), dilations=(1,)),
    ),
    flops=lambda inputs, outputs, attrs: inputs[0].size,
    doc="Windows added up where they overlap: the adjoint of `windows`.",
)
