"""Exponentials, logarithms, roots, trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math

from telegrad_engine.kernels import arithmetic as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Forward, Rule, Vjp, op
from telegrad_proto.ir import Value


def _unary(
    name: str,
    forward: Forward,
    vjp: Vjp,
    /,
    *,
    fuse: str,
    flops: float,
    doc: str,
    domain: tuple[float, float] = (-2.0, 2.0),
) -> None:
    rule = Rule("unary", kinds="fc")
    op(name, "x", rule=rule, forward=forward, vjps=(vjp,), fuse=fuse, flops=flops, doc=doc, domain=domain)


def _square(x: Value) -> Value:
    return g.mul(x, x)


_unary(
    "exp",
    lambda xp, x: xp.exp(x),
    lambda ct, y, x: g.mul(ct, g.conj(y)),
    fuse="exp({x})",
    flops=10,
    doc="e to the power of x.",
)
_unary(
    "expm1",
    kernels.expm1,
    lambda ct, y, x: g.mul(ct, g.conj(g.add(y, 1.0))),
    fuse="expm1({x})",
    flops=12,
    doc="exp(x) - 1, accurate near 0.",
)
_unary(
    "exp2",
    kernels.exp2,
    lambda ct, y, x: g.mul(ct, g.mul(g.conj(y), math.log(2))),
    fuse="exp2({x})",
    flops=10,
    doc="2 to the power of x.",
)
_unary(
    "log",
    lambda xp, x: xp.log(x),
    lambda ct, y, x: g.div(ct, g.conj(x)),
    fuse="log({x})",
    flops=10,
    domain=(0.3, 3.0),
    doc="The natural logarithm.",
)
_unary(
    "log1p",
    kernels.log1p,
    lambda ct, y, x: g.div(ct, g.conj(g.add(x, 1.0))),
    fuse="log1p({x})",
    flops=12,
    domain=(-0.5, 3.0),
    doc="log(1 + x), accurate near 0.",
)
_unary(
    "log2",
    lambda xp, x: kernels.log_base(xp, x, 2),
    lambda ct, y, x: g.div(ct, g.mul(g.conj(x), math.log(2))),
    fuse="log2({x})",
    flops=10,
    domain=(0.3, 3.0),
    doc="The logarithm to base 2.",
)
_unary(
    "log10",
    lambda xp, x: kernels.log_base(xp, x, 10),
    lambda ct, y, x: g.div(ct, g.mul(g.conj(x), math.log(10))),
    fuse="log10({x})",
    flops=10,
    domain=(0.3, 3.0),
    doc="The logarithm to base 10.",
)
_unary(
    "sqrt",
    lambda xp, x: xp.sqrt(x),
    lambda ct, y, x: g.div(ct, g.mul(g.conj(y), 2.0)),
    fuse="sqrt({x})",
    flops=6,
    domain=(0.3, 3.0),
    doc="The square root.",
)
_unary(
    "rsqrt",
    lambda xp, x: xp.reciprocal(xp.sqrt(x)),
    lambda ct, y, x: g.mul(ct, g.conj(g.mul(g.mul(y, _square(y)), -0.5))),
    fuse="1 / sqrt({x})",
    flops=10,
    domain=(0.3, 3.0),
    doc="1 / sqrt(x).",
)
_unary(
    "sigmoid",
    lambda xp, x: xp.reciprocal(1 + xp.exp(-x)),
    lambda ct, y, x: g.mul(ct, g.conj(g.mul(y, g.sub(1.0, y)))),
    fuse="1 / (1 + exp(-{x}))",
    flops=15,
    doc="1 / (1 + exp(-x)).",
)

_unary(
    "sin",
    lambda xp, x: xp.sin(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.cos(x))),
    fuse="sin({x})",
    flops=12,
    doc="Sine.",
)
_unary(
    "cos",
    lambda xp, x: xp.cos(x),
    lambda ct, y, x: g.neg(g.mul(ct, g.conj(g.sin(x)))),
    fuse="cos({x})",
    flops=12,
    doc="Cosine.",
)
_unary(
    "tan",
    lambda xp, x: xp.tan(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.add(_square(y), 1.0))),
    fuse="tan({x})",
    flops=15,
    domain=(-1.0, 1.0),
    doc="Tangent.",
)
_unary(
    "asin",
    lambda xp, x: xp.arcsin(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.rsqrt(g.sub(1.0, _square(x))))),
    fuse="asin({x})",
    flops=15,
    domain=(-0.8, 0.8),
    doc="The angle whose sine is x.",
)
_unary(
    "acos",
    lambda xp, x: xp.arccos(x),
    lambda ct, y, x: g.neg(g.mul(ct, g.conj(g.rsqrt(g.sub(1.0, _square(x)))))),
    fuse="acos({x})",
    flops=15,
    domain=(-0.8, 0.8),
    doc="The angle whose cosine is x.",
)
_unary(
    "atan",
    lambda xp, x: xp.arctan(x),
    lambda ct, y, x: g.div(ct, g.conj(g.add(_square(x), 1.0))),
    fuse="atan({x})",
    flops=15,
    domain=(-0.8, 0.8),
    doc="The angle whose tangent is x.",
)
_unary(
    "sinh",
    lambda xp, x: xp.sinh(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.cosh(x))),
    fuse="sinh({x})",
    flops=15,
    doc="Hyperbolic sine.",
)
_unary(
    "cosh",
    lambda xp, x: xp.cosh(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.sinh(x))),
    fuse="cosh({x})",
    flops=15,
    doc="Hyperbolic cosine.",
)
_unary(
    "tanh",
    lambda xp, x: xp.tanh(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.sub(1.0, _square(y)))),
    fuse="tanh({x})",
    flops=15,
    domain=(-1.0, 1.0),
    doc="Hyperbolic tangent.",
)
_unary(
    "asinh",
    lambda xp, x: xp.arcsinh(x),
    lambda ct, y, x: g.mul(ct, g.conj(g.rsqrt(g.add(_square(x), 1.0)))),
    fuse="asinh({x})",
    flops=15,
    domain=(-0.8, 0.8),
    doc="The number whose hyperbolic sine is x.",
)


def _acosh_vjp(ct: Value, y: Value, x: Value) -> Value:
    """1 / sqrt(x^2 - 1); two roots keep a complex x on the right branch."""
    if x.spec.dtype.is_complex:
        slope = g.mul(g.rsqrt(g.add(x, 1.0)), g.rsqrt(g.sub(x, 1.0)))
    else:
        slope = g.rsqrt(g.sub(_square(x), 1.0))
    return g.mul(ct, g.conj(slope))


_unary(
    "acosh",
    lambda xp, x: xp.arccosh(x),
    _acosh_vjp,
    fuse="acosh({x})",
    flops=15,
    domain=(1.5, 3.0),
    doc="The number whose hyperbolic cosine is x.",
)
_unary(
    "atanh",
    lambda xp, x: xp.arctanh(x),
    lambda ct, y, x: g.div(ct, g.conj(g.sub(1.0, _square(x)))),
    fuse="atanh({x})",
    flops=15,
    domain=(-0.8, 0.8),
    doc="The number whose hyperbolic tangent is x.",
)
