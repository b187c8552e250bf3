"""torch.special: functions of mathematics under the names of their own namespace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad import _primitives as p
from telegrad.functions import arithmetic, pointwise, reduction
from telegrad.functions.arithmetic import zero_times
from telegrad.functions.operands import Operand, detached, floating_pair, like
from telegrad.making.promotion import to_float
from telegrad.recording.registry import FUNCTIONS, absent, complete, function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import float16
from telegrad_proto.errors import DTypeError

Unary = Callable[[Tensor], Tensor]


def _unary(name: str, primitive: Unary, label: str, doc: str) -> Unary:
    def apply(input: Tensor) -> Tensor:
        return primitive(to_float(input))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = doc
    return function(label=label, namespace="special")(apply)


i0e = _unary(
    "i0e", p.i0e, "SpecialI0EBackward0", "The modified Bessel function of order 0, scaled by exp(-|x|)."
)
i1 = _unary("i1", p.i1, "SpecialI1Backward0", "The modified Bessel function of order 1.")
i1e = _unary(
    "i1e", p.i1e, "SpecialI1EBackward0", "The modified Bessel function of order 1, scaled by exp(-|x|)."
)
erfcx = _unary("erfcx", p.erfcx, "SpecialErfcxBackward0", "erfc, scaled by exp(x^2).")
ndtri = _unary("ndtri", p.ndtri, "SpecialNdtriBackward0", "The inverse of ndtr.")
log_ndtr = _unary(
    "log_ndtr", p.log_ndtr, "SpecialLogNdtrBackward0", "The logarithm of ndtr, without underflow."
)


def _plain(name: str, body: Unary, doc: str) -> Unary:
    """A function that torch does not differentiate: its result takes no gradient."""

    def apply(input: Tensor) -> Tensor:
        if input.dtype is float16 or input.dtype.kind == "c":
            raise DTypeError(f"\"{name}_cpu\" not implemented for '{scalar_name(input.dtype)}'")
        return body(detached(to_float(input)))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{doc}; its result takes no gradient."
    return function(label=None, namespace="special")(apply)


bessel_j0 = _plain("bessel_j0", p.bessel_j0, "The Bessel function of the first kind of order 0")
bessel_j1 = _plain("bessel_j1", p.bessel_j1, "The Bessel function of the first kind of order 1")
bessel_y0 = _plain("bessel_y0", p.bessel_y0, "The Bessel function of the second kind of order 0")
bessel_y1 = _plain("bessel_y1", p.bessel_y1, "The Bessel function of the second kind of order 1")
modified_bessel_i0 = _plain("modified_bessel_i0", p.i0, "The modified Bessel function of order 0")
modified_bessel_i1 = _plain("modified_bessel_i1", p.i1, "The modified Bessel function of order 1")
scaled_modified_bessel_k0 = _plain(
    "scaled_modified_bessel_k0", p.k0e, "exp(x) times the modified Bessel function k0"
)
scaled_modified_bessel_k1 = _plain(
    "scaled_modified_bessel_k1", p.k1e, "exp(x) times the modified Bessel function k1"
)
modified_bessel_k0 = _plain(
    "modified_bessel_k0",
    lambda x: p.mul(p.exp(p.neg(x)), p.k0e(x)),
    "The modified Bessel function of the second kind of order 0",
)
modified_bessel_k1 = _plain(
    "modified_bessel_k1",
    lambda x: p.mul(p.exp(p.neg(x)), p.k1e(x)),
    "The modified Bessel function of the second kind of order 1",
)


def _spherical(x: Tensor) -> Tensor:
    zero = p.eq(x, like(x, 0))
    ratio = p.div(p.sin(x), p.where(zero, like(x, 1), x))
    return p.where(zero, like(x, 1), p.where(p.isinf(x), like(x, 0), ratio))


spherical_bessel_j0 = _plain("spherical_bessel_j0", _spherical, "sin(x) / x, and 1 at 0")


@function(namespace="special", label="MulBackward1")
def ndtr(input: Tensor) -> Tensor:
    """The area under the Gaussian density to the left."""
    x = p.mul(to_float(input), like(to_float(input), math.sqrt(0.5)))
    # The error function near 0, its complement in the tails, where one less it would lose all digits.
    near = p.lt(p.abs(x), like(x, 1))
    middle = p.mul(p.add(p.erf(x), like(x, 1)), like(x, 0.5))
    tail = p.mul(p.erfc(p.neg(x)), like(x, 0.5))
    return p.where(near, middle, tail)


@function(namespace="special", label="SpecialEntrBackward0")
def entr(input: Tensor) -> Tensor:
    """-x log(x); 0 at 0, negative infinity below."""
    x = to_float(input)
    inside = p.gt(x, like(x, 0))
    value = p.neg(p.mul(x, p.log(p.where(inside, x, like(x, 1)))))
    # At 0 torch's derivative is infinite and its value 0; below both value and derivative are not finite.
    log = p.neg(p.mul(x, p.log(x)))
    zero = p.eq(x, like(x, 0))
    out = p.where(zero, like(x, 0), p.where(inside, value, like(x, -math.inf)))
    return p.where(p.isnan(x), log, out)


@function(namespace="special", label="SpecialXlog1PyBackward0")
def xlog1py(input: Operand, other: Operand) -> Tensor:
    """input * log1p(other), and 0 where input is 0."""
    return zero_times(*floating_pair(input, other), p.log1p, -1.0)


@function(namespace="special", label="SpecialZetaBackward0")
def zeta(input: Operand, other: Operand) -> Tensor:
    """The Hurwitz zeta function."""
    return p.zeta(*floating_pair(input, other))


bessel_i0 = i0 = pointwise.i0
digamma = psi = pointwise.digamma
erf = pointwise.erf
erfc = pointwise.erfc
erfinv = pointwise.erfinv
exp2 = pointwise.exp2
expit = pointwise.sigmoid
expm1 = pointwise.expm1
gammaln = pointwise.lgamma
gammainc = arithmetic.igamma
gammaincc = arithmetic.igammac
log1p = pointwise.log1p
logit = pointwise.logit
logsumexp = reduction.logsumexp
multigammaln = pointwise.mvlgamma
polygamma = pointwise.polygamma
round = pointwise.round
sinc = pointwise.sinc
xlogy = arithmetic.xlogy


def __getattr__(name: str) -> Any:
    """A function that a module imported late gives this namespace."""
    if not name.startswith("_"):
        complete()
    if name in FUNCTIONS["special"]:
        return FUNCTIONS["special"][name]
    raise absent("module 'telegrad.special'", "torch.special", name)
