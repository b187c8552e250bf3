"""Values made of attributes alone, and random ones made of a key."""

from __future__ import annotations

from typing import Any

from telegrad_engine.kernels import random as kernels
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType

Number = bool | int | float | complex


def _full(xp: Any, *, shape: tuple[int, ...], fill: Number, dtype: DType) -> Any:
    if dtype.kind in "iu" and isinstance(fill, float):
        fill = int(fill)
    return xp.full(shape, fill, dtype.typestr)


op(
    "full",
    rule=Rule("full"),
    attributes=(("shape", "ints"), ("fill", "scalar"), ("dtype", "dtype")),
    forward=_full,
    examples=(
        example(shape=(2, 3), fill=1.5, dtype=dtypes.float32),
        example(shape=(), fill=True, dtype=dtypes.bool_),
        example(shape=(0, 2), fill=2 - 1j, dtype=dtypes.complex64),
        example(shape=(3,), fill=-7.5, dtype=dtypes.int8),
        example(shape=(1,), fill=float("inf"), dtype=dtypes.float16),
    ),
    flops=0,
    doc="One number in every place.",
)
op(
    "iota",
    rule=Rule("iota"),
    attributes=(("size", "int"), ("dtype", "dtype")),
    forward=lambda xp, *, size, dtype: xp.arange(size, dtype=dtype.typestr),
    examples=(
        example(size=5, dtype=dtypes.int64),
        example(size=0, dtype=dtypes.int8),
        example(size=3, dtype=dtypes.float32),
        example(size=2, dtype=dtypes.float16),
    ),
    flops=0,
    doc="0, 1, 2, ..., size - 1.",
)

_KEY = ((2,), dtypes.uint64)

op(
    "random_uniform",
    "key",
    rule=Rule("random"),
    attributes=(("shape", "ints"), ("dtype", "dtype")),
    forward=kernels.uniform,
    examples=(
        example(_KEY, shape=(2, 3), dtype=dtypes.float32),
        example(_KEY, shape=(), dtype=dtypes.float64),
        example(_KEY, shape=(0, 2), dtype=dtypes.float16),
    ),
    flops=50,
    doc="Random numbers, evenly in [0, 1); the same key gives the same.",
    source="Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011), Philox4x32-10",
)
op(
    "random_normal",
    "key",
    rule=Rule("random"),
    attributes=(("shape", "ints"), ("dtype", "dtype")),
    forward=kernels.normal,
    examples=(
        example(_KEY, shape=(2, 3), dtype=dtypes.float32),
        example(_KEY, shape=(), dtype=dtypes.float64),
        example(_KEY, shape=(0, 2), dtype=dtypes.float16),
    ),
    flops=80,
    doc="Random numbers of the standard normal distribution; the same key gives the same.",
    source="Box, Muller: A note on the generation of random normal deviates (1958)",
)
op(
    "random_bits",
    "key",
    rule=Rule("random_bits"),
    attributes=(("shape", "ints"),),
    forward=kernels.bits,
    examples=(example(_KEY, shape=(2, 3)), example(_KEY, shape=()), example(_KEY, shape=(0,))),
    flops=50,
    doc="64 random bits in every place; the same key gives the same.",
)
