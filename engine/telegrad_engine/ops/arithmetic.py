"""Arithmetic of one and two numbers."""

from __future__ import annotations

from telegrad_engine.kernels import arithmetic as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Forward, Rule, Vjp, example, op
from telegrad_proto import dtypes
from telegrad_proto.ir import Value


def _binary(
    name: str,
    forward: Forward,
    vjp_a: Vjp | None = None,
    vjp_b: Vjp | None = None,
    /,
    *,
    kinds: str,
    fuse: str = "",
    flops: float = 1.0,
    doc: str,
    domain: tuple[float, float] = (-2.0, 2.0),
    smooth: bool = True,
    source: str = "",
) -> None:
    vjps = (vjp_a, vjp_b) if vjp_a is not None or vjp_b is not None else ()
    dtype = dtypes.float32 if "f" in kinds else dtypes.int32
    op(
        name,
        "a b",
        rule=Rule("binary", kinds=kinds),
        forward=forward,
        vjps=vjps,
        examples=(example(((2, 3), dtype), ((2, 3), dtype)),),
        flops=flops,
        fuse=fuse,
        doc=doc,
        domain=domain,
        smooth=smooth,
        source=source,
    )


def _nothing(ct: Value, y: Value, *inputs: Value) -> Value:
    """The derivative of what is flat between its jumps."""
    return g.zeros_like(ct)


op(
    "neg",
    "x",
    rule=Rule("unary", kinds="iufc"),
    forward=lambda xp, x: xp.negative(x),
    vjps=(lambda ct, y, x: g.neg(ct),),
    fuse="-{x}",
    doc="-x.",
)

op(
    "abs",
    "x",
    rule=Rule("unary", kinds="iufc", result="real"),
    forward=lambda xp, x: xp.abs(x),
    vjps=(lambda ct, y, x: g.mul(g.cast(ct, x.spec.dtype), g.sign(x)),),
    fuse="fabs({x})",
    doc="The absolute value; of a complex number, real.",
)


def _sign_vjp(ct: Value, y: Value, x: Value) -> Value:
    """Of x / |x|: what of ct is at a right angle to y, over |x|. Real numbers have nothing there."""
    if not x.spec.dtype.is_complex:
        return g.zeros_like(ct)
    size = g.abs(x)
    zero = g.eq(size, 0.0)
    across = g.sub(ct, g.mul(y, g.cast(g.real(g.mul(g.conj(y), ct)), x.spec.dtype)))
    return g.where(zero, 0.0, g.div(across, g.cast(g.where(zero, 1.0, size), x.spec.dtype)))


op(
    "sign",
    "x",
    rule=Rule("unary", kinds="biufc"),
    forward=kernels.sign,
    vjps=(_sign_vjp,),
    examples=(example((2, 3)), example(((2, 3), dtypes.complex64))),
    doc="-1, 0 or 1, and 0 of NaN; of a complex number x / |x|, and 0 of 0.",
    source="PyTorch FunctionsManual.cpp, sgn_backward",
)

_binary(
    "add",
    lambda xp, a, b: xp.add(a, b),
    lambda ct, y, a, b: ct,
    lambda ct, y, a, b: ct,
    kinds="biufc",
    fuse="{a} + {b}",
    doc="a + b; of bools, or.",
)
_binary(
    "sub",
    lambda xp, a, b: xp.subtract(a, b),
    lambda ct, y, a, b: ct,
    lambda ct, y, a, b: g.neg(ct),
    kinds="iufc",
    fuse="{a} - {b}",
    doc="a - b.",
)
_binary(
    "mul",
    lambda xp, a, b: xp.multiply(a, b),
    lambda ct, y, a, b: g.mul(ct, g.conj(b)),
    lambda ct, y, a, b: g.mul(ct, g.conj(a)),
    kinds="biufc",
    fuse="{a} * {b}",
    doc="a * b; of bools, and.",
)
_binary(
    "div",
    lambda xp, a, b: xp.divide(a, b),
    lambda ct, y, a, b: g.div(ct, g.conj(b)),
    lambda ct, y, a, b: g.mul(g.neg(ct), g.conj(g.div(g.div(a, b), b))),
    kinds="fc",
    fuse="{a} / {b}",
    flops=4,
    domain=(0.5, 2.0),
    doc="a / b.",
)
_binary(
    "floor_divide",
    kernels.floor_divide,
    _nothing,
    _nothing,
    kinds="iuf",
    flops=5,
    smooth=False,
    domain=(0.5, 9.0),
    doc="a / b rounded down.",
)
_binary(
    "remainder",
    kernels.remainder,
    lambda ct, y, a, b: ct,
    lambda ct, y, a, b: g.neg(g.mul(ct, g.floor_divide(a, b))),
    kinds="iuf",
    flops=8,
    smooth=False,
    domain=(0.5, 9.0),
    doc="a - b * floor(a / b): of b's sign, as Python's %.",
)
_binary(
    "fmod",
    kernels.fmod,
    lambda ct, y, a, b: ct,
    lambda ct, y, a, b: g.neg(g.mul(ct, g.trunc(g.div(a, b)))),
    kinds="iuf",
    fuse="fmod({a}, {b})",
    flops=8,
    smooth=False,
    domain=(0.5, 9.0),
    doc="a - b * trunc(a / b): of a's sign, as C's fmod.",
)


def _pow_vjp_base(ct: Value, y: Value, a: Value, b: Value) -> Value:
    """b a^(b - 1), and 0 where b is 0 whatever a is: there the power below is a^0, never 1 / 0."""
    lowered = g.sub(g.where(g.eq(b, 0.0), 1.0, b), 1.0)
    return g.mul(ct, g.conj(g.mul(b, g.pow(a, lowered))))


def _pow_vjp_exponent(ct: Value, y: Value, a: Value, b: Value) -> Value:
    """a^b log a, and 0 where a is 0 and b is not negative."""
    flat = g.logical_and(g.eq(a, 0.0), g.ge(g.real(b), 0.0))
    return g.mul(ct, g.conj(g.mul(y, g.log(g.where(flat, 1.0, a)))))


_binary(
    "pow",
    kernels.power,
    _pow_vjp_base,
    _pow_vjp_exponent,
    kinds="iufc",
    fuse="pow({a}, {b})",
    flops=20,
    domain=(0.5, 2.0),
    doc="a to the power of b.",
    source="PyTorch FunctionsManual.cpp, pow_backward_self and pow_backward_exponent",
)


def _larger_share(ct: Value, wins: Value, ties: Value) -> Value:
    return g.where(ties, g.mul(ct, 0.5), g.where(wins, ct, 0.0))


_binary(
    "maximum",
    lambda xp, a, b: xp.maximum(a, b),
    lambda ct, y, a, b: _larger_share(ct, g.logical_not(g.lt(a, b)), g.eq(a, b)),
    lambda ct, y, a, b: _larger_share(ct, g.logical_not(g.gt(a, b)), g.eq(a, b)),
    kinds="biuf",
    fuse="({a} > {b} || {a} != {a} ? {a} : {b})",
    doc="The larger of the two, NaN if one is; ties share the gradient.",
)
_binary(
    "minimum",
    lambda xp, a, b: xp.minimum(a, b),
    lambda ct, y, a, b: _larger_share(ct, g.logical_not(g.gt(a, b)), g.eq(a, b)),
    lambda ct, y, a, b: _larger_share(ct, g.logical_not(g.lt(a, b)), g.eq(a, b)),
    kinds="biuf",
    fuse="({a} < {b} || {a} != {a} ? {a} : {b})",
    doc="The smaller of the two, NaN if one is; ties share the gradient.",
)


def _over_square(ct: Value, side: Value, a: Value, b: Value) -> Value:
    """ct side / (a^2 + b^2), and 0 where both are 0."""
    square = g.add(g.mul(a, a), g.mul(b, b))
    return g.div(g.mul(ct, side), g.where(g.eq(square, 0.0), 1.0, square))


_binary(
    "atan2",
    lambda xp, a, b: xp.arctan2(a, b),
    lambda ct, y, a, b: _over_square(ct, b, a, b),
    lambda ct, y, a, b: _over_square(ct, g.neg(a), a, b),
    kinds="f",
    fuse="atan2({a}, {b})",
    flops=25,
    domain=(0.5, 2.0),
    doc="The angle of the point (b, a).",
)
_binary(
    "hypot",
    lambda xp, a, b: xp.hypot(a, b),
    lambda ct, y, a, b: g.mul(ct, g.div(a, y)),
    lambda ct, y, a, b: g.mul(ct, g.div(b, y)),
    kinds="f",
    fuse="hypot({a}, {b})",
    flops=15,
    domain=(0.5, 2.0),
    doc="sqrt(a^2 + b^2) without overflow on the way.",
)
_binary(
    "copysign",
    lambda xp, a, b: xp.copysign(a, b),
    lambda ct, y, a, b: g.mul(ct, g.mul(g.sign(a), g.sign(y))),
    _nothing,
    kinds="f",
    fuse="copysign({a}, {b})",
    domain=(0.5, 2.0),
    doc="a with the sign of b.",
)
_binary(
    "nextafter",
    lambda xp, a, b: xp.nextafter(a, b),
    kinds="f",
    doc="The next floating point number after a towards b.",
)
_binary("gcd", lambda xp, a, b: xp.gcd(a, b), kinds="iu", flops=30, doc="The greatest common divisor.")
_binary("lcm", lambda xp, a, b: xp.lcm(a, b), kinds="iu", flops=35, doc="The least common multiple.")
