"""From one element type to another, parts of complex numbers, and choosing between two values."""

from __future__ import annotations

from typing import Any

from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import InvalidValueError
from telegrad_proto.shapes import broadcast

_ANY = "biufc"


def _cast(xp: Any, x: Any, *, dtype: DType) -> Any:
    if x.dtype.kind == "c" and not dtype.is_complex and dtype.kind != "b":
        x = x.real
    return x.astype(dtype.typestr)


op(
    "cast",
    "x",
    rule=Rule("cast"),
    attributes=(("dtype", "dtype"),),
    forward=_cast,
    vjps=(lambda ct, y, x, dtype: g.cast(ct, x.spec.dtype),),
    examples=(
        example((2, 3), dtype=dtypes.float64),
        example(((), dtypes.float64), dtype=dtypes.complex128),
        example(((3,), dtypes.complex128), dtype=dtypes.float64),
        example(((2, 0), dtypes.int64), dtype=dtypes.bool_),
        example(((3,), dtypes.complex64), dtype=dtypes.int32),
    ),
    flops=0,
    doc="The same numbers in another element type; of a complex number the real part.",
)

op(
    "identity",
    "x",
    rule=Rule("unary", kinds=_ANY),
    forward=lambda xp, x: x,
    vjps=(lambda ct, y, x: ct,),
    flops=0,
    fuse="{x}",
    doc="x itself, under another id.",
)
op(
    "conj",
    "x",
    rule=Rule("unary", kinds=_ANY),
    forward=lambda xp, x: xp.conj(x) if x.dtype.kind == "c" else x,
    vjps=(lambda ct, y, x: g.conj(ct),),
    doc="The complex conjugate.",
)
op(
    "real",
    "x",
    rule=Rule("unary", kinds="c", result="real"),
    forward=lambda xp, x: x.real,
    vjps=(lambda ct, y, x: g.cast(ct, x.spec.dtype),),
    examples=(
        example(((2, 3), dtypes.complex64)),
        example(((), dtypes.complex128)),
        example(((0,), dtypes.complex64)),
    ),
    flops=0,
    doc="The real part.",
)
op(
    "imag",
    "x",
    rule=Rule("unary", kinds="c", result="real"),
    forward=lambda xp, x: x.imag,
    vjps=(lambda ct, y, x: g.mul(g.cast(ct, x.spec.dtype), 1j),),
    examples=(
        example(((2, 3), dtypes.complex64)),
        example(((), dtypes.complex128)),
        example(((0,), dtypes.complex64)),
    ),
    flops=0,
    doc="The imaginary part.",
)


def _complex(xp: Any, re: Any, im: Any) -> Any:
    out = xp.empty(broadcast(re.shape, im.shape), "<c8" if re.dtype.itemsize == 4 else "<c16")
    # re + 1j * im would make NaN of an infinite part.
    out.real, out.imag = re, im
    return out


op(
    "complex",
    "re im",
    rule=Rule("binary", kinds="f", result="complex"),
    forward=_complex,
    vjps=(lambda ct, y, re, im: g.real(ct), lambda ct, y, re, im: g.imag(ct)),
    flops=0,
    doc="re + i im.",
)

op(
    "where",
    "condition a b",
    rule=Rule("where"),
    forward=lambda xp, condition, a, b: xp.where(condition, a, b),
    vjps=(
        None,
        lambda ct, y, condition, a, b: g.where(condition, ct, 0.0),
        lambda ct, y, condition, a, b: g.where(condition, 0.0, ct),
    ),
    examples=(
        example(((2, 3), dtypes.bool_), (2, 3), (2, 3)),
        example(((2, 1), dtypes.bool_), (3,), ()),
        example(((), dtypes.bool_), (), ()),
        example(((0, 3), dtypes.bool_), (3,), (1, 1)),
    ),
    fuse="{condition} ? {a} : {b}",
    doc="a where the condition holds, else b.",
)


def _require(xp: Any, x: Any, condition: Any, *, message: str) -> Any:
    if not bool(condition.all()):
        raise InvalidValueError(message)
    return x


op(
    "require",
    "x condition",
    rule=Rule("required"),
    attributes=(("message", "str"),),
    forward=_require,
    vjps=(lambda ct, y, x, condition, message: ct, None),
    # No element of an empty condition is false.
    examples=(
        example((2, 3), ((0,), dtypes.bool_), message=""),
        example((), ((2, 0), dtypes.bool_), message="x is positive"),
    ),
    flops=0,
    doc="x itself, where the condition holds everywhere; else computing it fails with the message.",
)
