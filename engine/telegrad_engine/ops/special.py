"""Special functions of real numbers, each with the derivative of its definition."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad_engine.kernels import special as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, Vjp, example, op
from telegrad_proto.ir import Value

_FUNCTIONS_MANUAL = "PyTorch derivatives.yaml and FunctionsManual.cpp"


def _special(
    name: str,
    vjp: Vjp,
    /,
    *,
    forward: Callable[..., Any] | None = None,
    fuse: str = "",
    doc: str,
    domain: tuple[float, float] = (-2.0, 2.0),
    source: str = "",
) -> None:
    op(
        name,
        "x",
        rule=Rule("unary", kinds="f"),
        forward=forward or kernels.unary(name),
        vjps=(vjp,),
        flops=40,
        fuse=fuse,
        doc=doc,
        domain=domain,
        source=source,
    )


def _gauss(x: Value) -> Value:
    """exp(-x^2) 2 / sqrt(pi): the slope of erf."""
    return g.mul(g.exp(g.neg(g.mul(x, x))), 2 / math.sqrt(math.pi))


_special(
    "erf",
    lambda ct, y, x: g.mul(ct, _gauss(x)),
    fuse="erf({x})",
    doc="The error function.",
)
_special(
    "erfc",
    lambda ct, y, x: g.neg(g.mul(ct, _gauss(x))),
    fuse="erfc({x})",
    doc="1 - erf(x), accurate for large x.",
)
_special(
    "erfinv",
    lambda ct, y, x: g.mul(ct, g.mul(g.exp(g.mul(y, y)), math.sqrt(math.pi) / 2)),
    domain=(-0.8, 0.8),
    doc="The number whose error function is x.",
)
_special(
    "erfcx",
    lambda ct, y, x: g.mul(ct, g.sub(g.mul(g.mul(x, y), 2.0), 2 / math.sqrt(math.pi))),
    doc="exp(x^2) erfc(x).",
)
_special(
    "ndtri",
    lambda ct, y, x: g.mul(ct, g.mul(g.exp(g.mul(g.mul(y, y), 0.5)), math.sqrt(2 * math.pi))),
    domain=(0.2, 0.8),
    doc="The number below which a standard normal variable lies with probability x.",
)
_special(
    "log_ndtr",
    lambda ct, y, x: g.div(g.mul(ct, math.sqrt(2 / math.pi)), g.erfcx(g.mul(x, -math.sqrt(0.5)))),
    doc="The logarithm of the standard normal distribution function.",
)
_special(
    "lgamma",
    lambda ct, y, x: g.mul(ct, g.digamma(x)),
    forward=kernels.lgamma,
    fuse="lgamma({x})",
    domain=(0.5, 4.0),
    doc="The logarithm of |gamma(x)|.",
)
_special(
    "digamma",
    lambda ct, y, x: g.mul(ct, g.polygamma(x, n=1)),
    domain=(0.5, 4.0),
    doc="The derivative of lgamma.",
)
op(
    "polygamma",
    "x",
    rule=Rule("polygamma"),
    attributes=(("n", "int"),),
    forward=kernels.polygamma,
    vjps=(lambda ct, y, x, n: g.mul(ct, g.polygamma(x, n=n + 1)),),
    examples=(example((2, 3), n=1), example((), n=2), example((0,), n=0)),
    flops=60,
    domain=(0.5, 4.0),
    doc="The n-th derivative of digamma.",
)
_special(
    "i0",
    lambda ct, y, x: g.mul(ct, g.i1(x)),
    doc="The modified Bessel function of order 0.",
)
_special(
    "i0e",
    lambda ct, y, x: g.mul(ct, g.sub(g.i1e(x), g.mul(g.sign(x), y))),
    doc="exp(-|x|) i0(x).",
)


def _i1_vjp(ct: Value, y: Value, x: Value) -> Value:
    """i0(x) - y / x, and its limit 1/2 at 0."""
    zero = g.eq(x, 0.0)
    return g.mul(ct, g.where(zero, 0.5, g.sub(g.i0(x), g.div(y, g.where(zero, 1.0, x)))))


def _i1e_vjp(ct: Value, y: Value, x: Value) -> Value:
    """i0e(x) - y (sign x + 1 / x), and its limit 1/2 at 0."""
    zero = g.eq(x, 0.0)
    inverse = g.div(1.0, g.where(zero, 1.0, x))
    return g.mul(ct, g.where(zero, 0.5, g.sub(g.i0e(x), g.mul(y, g.add(g.sign(x), inverse)))))


_special("i1", _i1_vjp, doc="The modified Bessel function of order 1.", source=_FUNCTIONS_MANUAL)
_special("i1e", _i1e_vjp, doc="exp(-|x|) i1(x).", source=_FUNCTIONS_MANUAL)


def _igamma_slope(a: Value, x: Value) -> Value:
    """x^(a - 1) exp(-x) / gamma(a): the integrand of the incomplete gamma functions."""
    return g.exp(g.sub(g.sub(g.mul(g.sub(a, 1.0), g.log(x)), x), g.lgamma(a)))


def _igamma_by_a(ct: Value, a: Value, x: Value) -> Value:
    """ct dP/da, 0 where x is 0."""
    positive = g.gt(x, 0.0)
    inside = g.where(positive, x, 1.0)
    moved = g.mul(g.gamma_slope(a, inside, order=1), _igamma_slope(a, inside))
    return g.where(positive, g.neg(g.mul(ct, moved)), 0.0)


_BINARY = Rule("binary", kinds="f")

op(
    "igamma",
    "a x",
    rule=_BINARY,
    forward=kernels.binary("gammainc"),
    vjps=(
        lambda ct, y, a, x: _igamma_by_a(ct, a, x),
        lambda ct, y, a, x: g.mul(ct, _igamma_slope(a, x)),
    ),
    flops=80,
    domain=(0.5, 3.0),
    doc="The regularized lower incomplete gamma function.",
)
op(
    "igammac",
    "a x",
    rule=_BINARY,
    forward=kernels.binary("gammaincc"),
    vjps=(
        lambda ct, y, a, x: g.neg(_igamma_by_a(ct, a, x)),
        lambda ct, y, a, x: g.neg(g.mul(ct, _igamma_slope(a, x))),
    ),
    flops=80,
    domain=(0.5, 3.0),
    doc="1 - igamma(a, x).",
)
op(
    "zeta",
    "x q",
    rule=_BINARY,
    forward=kernels.binary("zeta"),
    vjps=(None, lambda ct, y, x, q: g.neg(g.mul(ct, g.mul(x, g.zeta(g.add(x, 1.0), q))))),
    flops=60,
    domain=(1.5, 3.0),
    doc="The Hurwitz zeta function; no gradient for x.",
)


def _plain(name: str, function: str, /, *, doc: str, domain: tuple[float, float]) -> None:
    """One that torch does not differentiate either."""
    op(
        name,
        "x",
        rule=Rule("unary", kinds="f"),
        forward=kernels.unary(function),
        flops=40,
        doc=f"{doc}; no gradient.",
        domain=domain,
    )


_plain("bessel_j0", "j0", doc="The Bessel function of the first kind of order 0", domain=(-4.0, 4.0))
_plain("bessel_j1", "j1", doc="The Bessel function of the first kind of order 1", domain=(-4.0, 4.0))
_plain("bessel_y0", "y0", doc="The Bessel function of the second kind of order 0", domain=(0.5, 4.0))
_plain("bessel_y1", "y1", doc="The Bessel function of the second kind of order 1", domain=(0.5, 4.0))
_plain("k0e", "k0e", doc="exp(x) times the modified Bessel function k0", domain=(0.5, 4.0))
_plain("k1e", "k1e", doc="exp(x) times the modified Bessel function k1", domain=(0.5, 4.0))
