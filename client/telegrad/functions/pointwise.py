"""Functions of one tensor, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable

from telegrad import _primitives as p
from telegrad.functions.operands import cast_to, filled, like, widened
from telegrad.making.promotion import to_float
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import bool_, float16, float32
from telegrad_proto.errors import ArgumentError, DTypeError

Unary = Callable[[Tensor], Tensor]


def _unary(
    name: str, primitive: Unary, label: str, doc: str, *, floats: bool = True, aliases: tuple[str, ...] = ()
) -> Unary:
    """The torch function that is one primitive, of integers made floating point where `floats`."""

    def apply(input: Tensor) -> Tensor:
        return primitive(to_float(input) if floats else input)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = doc
    return function(label=label, inplace=True, aliases=aliases)(apply)


exp = _unary("exp", p.exp, "ExpBackward0", "e to the power of each element.")
expm1 = _unary("expm1", p.expm1, "Expm1Backward0", "e to the power of each element, less one.")
exp2 = _unary("exp2", p.exp2, "Exp2Backward0", "2 to the power of each element.")
log = _unary("log", p.log, "LogBackward0", "The natural logarithm.")
log1p = _unary("log1p", p.log1p, "Log1PBackward0", "The natural logarithm of one more.")
log2 = _unary("log2", p.log2, "Log2Backward0", "The logarithm to base 2.")
log10 = _unary("log10", p.log10, "Log10Backward0", "The logarithm to base 10.")
sqrt = _unary("sqrt", p.sqrt, "SqrtBackward0", "The square root.")
rsqrt = _unary("rsqrt", p.rsqrt, "RsqrtBackward0", "One over the square root.")
sin = _unary("sin", p.sin, "SinBackward0", "The sine.")
cos = _unary("cos", p.cos, "CosBackward0", "The cosine.")
tan = _unary("tan", p.tan, "TanBackward0", "The tangent.")
asin = _unary(
    "asin", p.asin, "AsinBackward0", "The angle of which each element is the sine.", aliases=("arcsin",)
)
acos = _unary(
    "acos", p.acos, "AcosBackward0", "The angle of which each element is the cosine.", aliases=("arccos",)
)
atan = _unary(
    "atan", p.atan, "AtanBackward0", "The angle of which each element is the tangent.", aliases=("arctan",)
)
sinh = _unary("sinh", p.sinh, "SinhBackward0", "The hyperbolic sine.")
cosh = _unary("cosh", p.cosh, "CoshBackward0", "The hyperbolic cosine.")
tanh = _unary("tanh", p.tanh, "TanhBackward0", "The hyperbolic tangent.")
asinh = _unary(
    "asinh", p.asinh, "AsinhBackward0", "The inverse of the hyperbolic sine.", aliases=("arcsinh",)
)
acosh = _unary(
    "acosh", p.acosh, "AcoshBackward0", "The inverse of the hyperbolic cosine.", aliases=("arccosh",)
)
atanh = _unary(
    "atanh", p.atanh, "AtanhBackward0", "The inverse of the hyperbolic tangent.", aliases=("arctanh",)
)
sigmoid = _unary("sigmoid", p.sigmoid, "SigmoidBackward0", "1 / (1 + exp(-x)).")
erf = _unary("erf", p.erf, "ErfBackward0", "The error function.")
erfc = _unary("erfc", p.erfc, "ErfcBackward0", "One less the error function.")
erfinv = _unary("erfinv", p.erfinv, "ErfinvBackward0", "The inverse of the error function.")
lgamma = _unary(
    "lgamma", p.lgamma, "LgammaBackward0", "The logarithm of the absolute value of the gamma function."
)
digamma = _unary("digamma", p.digamma, "DigammaBackward0", "The derivative of lgamma.")
i0 = _unary("i0", p.i0, "I0Backward0", "The modified Bessel function of order 0.")
floor = _unary("floor", p.floor, "FloorBackward0", "The largest integer not above.", floats=False)
ceil = _unary("ceil", p.ceil, "CeilBackward0", "The smallest integer not below.", floats=False)
trunc = _unary("trunc", p.trunc, "TruncBackward0", "The integer part.", floats=False, aliases=("fix",))


@function(inplace=True, aliases=("negative",))
def neg(input: Tensor) -> Tensor:
    """Each element with the other sign.

    Raises:
        DTypeError: the elements are bool.
    """
    if input.dtype is bool_:
        raise DTypeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
            "mask, use the `~` or `logical_not()` operator instead."
        )
    return p.neg(input)


@function(inplace=True, aliases=("absolute",))
def abs(input: Tensor) -> Tensor:
    """The absolute value of each element."""
    return input if input.dtype is bool_ else p.abs(input)


def _abs_in_place(self: Tensor) -> Tensor:
    """`abs`, written into this tensor.

    Raises:
        DTypeError: it is complex.
    """
    if self.dtype.kind == "c":
        raise DTypeError("In-place abs is not supported for complex tensors.")
    written: Tensor = _write_abs(self)
    return written


_write_abs = vars(Tensor)["abs_"]
for _name in ("abs_", "absolute_"):
    setattr(Tensor, _name, _abs_in_place)


@function(inplace=True)
def sgn(input: Tensor) -> Tensor:
    """The sign of each element; of a complex one z / |z|, and 0 at 0."""
    return p.sign(input)


@function(inplace=True)
def sign(input: Tensor) -> Tensor:
    """The sign of each element: -1, 0 or 1.

    Raises:
        DTypeError: the elements are complex.
    """
    if input.dtype.kind == "c":
        raise DTypeError("Unlike NumPy, torch.sign doesn't support complex numbers; use torch.sgn instead")
    return p.sign(input)


@function(inplace=True)
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """Each element rounded, halves to the even neighbour; `decimals` digits after the point stay."""
    if decimals is None:
        return p.round(input)
    if not decimals or input.dtype.kind in "iu":
        return labelled(p.round(input), "RoundBackward1")
    power = like(input, 10.0 ** math.fabs(decimals))
    if decimals > 0:
        out = p.div(p.round(p.mul(input, power)), power)
    else:
        out = p.mul(p.round(p.div(input, power)), power)
    return labelled(out, "RoundBackward1")


@function(inplace=True)
def frac(input: Tensor) -> Tensor:
    """Each element without its integer part."""
    return p.sub(input, p.trunc(input))


@function(label="PowBackward0", inplace=True)
def square(input: Tensor) -> Tensor:
    """Each element times itself."""
    x = widened(input) if input.dtype is bool_ else input
    return p.mul(x, x)


@function(inplace=True)
def reciprocal(input: Tensor) -> Tensor:
    """One over each element."""
    x = to_float(input)
    return p.div(like(x, 1), x)


@function(label=None)
def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    Raises:
        DTypeError: the elements are bool.
    """
    if input.dtype is bool_:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _require_real(x: Tensor, name: str) -> None:
    if x.dtype.kind == "c":
        raise DTypeError(f"{name} is not supported for complex tensors.")


@function(label="Deg2RadBackward0", inplace=True)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""
    _require_real(input, "deg2rad")
    x = to_float(input)
    return p.mul(x, like(x, math.pi / 180.0))


@function(label="Rad2DegBackward0", inplace=True)
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""
    _require_real(input, "rad2deg")
    x = to_float(input)
    return p.mul(x, like(x, 180.0 / math.pi))


@function(inplace=True)
def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
    if input.dtype is float16:  # the multiples of pi are too coarse in half precision
        return cast_to(_sinc(cast_to(input, float32)), float16)
    return _sinc(to_float(input))


def _sinc(x: Tensor) -> Tensor:
    zero = p.eq(x, like(x, 0))
    angle_ = p.mul(p.where(zero, like(x, 1), x), like(x, math.pi))
    near = p.mul(x, x)
    # At 0 the series 1 - (pi x)^2 / 6 gives the right derivatives of first and second order.
    series = p.sub(like(x, 1), p.mul(near, like(x, math.pi**2 / 6)))
    return p.where(zero, series, p.div(p.sin(angle_), angle_))


@function(inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), of x kept `eps` away from 0 and 1."""
    x = to_float(input)
    if eps is None:
        # Outside [0, 1] torch's value and its derivative are both NaN.
        outside = p.logical_or(p.lt(x, like(x, 0)), p.gt(x, like(x, 1)))
        invalid = p.sqrt(p.where(outside, p.sub(like(x, -1), p.mul(x, x)), like(x, 1)))
        x = p.add(p.where(outside, invalid, x), like(x, 0))  # of -0 the derivative is infinity as well
    else:
        low, high = like(x, eps), like(x, 1 - eps)
        x = p.where(p.lt(x, low), low, p.where(p.gt(x, high), high, x))
    return p.sub(p.log(x), p.log1p(p.neg(x)))


@function(inplace=True)
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """The tensor with numbers in the place of NaN and the infinities: 0 and the type's bounds where not
    given.
    """
    if input.dtype.kind not in "fc":
        return input
    if input.dtype.kind == "c":
        parts = (nan_to_num(part, nan, posinf, neginf) for part in (p.real(input), p.imag(input)))
        return p.complex(*parts)
    largest = _LARGEST[input.dtype.itemsize]
    out = p.where(p.isnan(input), like(input, 0.0 if nan is None else nan), input)
    out = p.where(p.eq(input, like(input, math.inf)), like(input, largest if posinf is None else posinf), out)
    return p.where(
        p.eq(input, like(input, -math.inf)), like(input, -largest if neginf is None else neginf), out
    )


_LARGEST = {2: 65504.0, 4: (2 - 2**-23) * 2.0**127, 8: (2 - 2**-52) * 2.0**1023}


@function(label=None)
def isnan(input: Tensor) -> Tensor:
    """Where an element is not a number."""
    return p.isnan(input)


@function(label=None)
def isinf(input: Tensor) -> Tensor:
    """Where an element is infinite."""
    return p.isinf(input)


@function(label=None)
def isfinite(input: Tensor) -> Tensor:
    """Where an element is neither infinite nor NaN."""
    return p.isfinite(input)


def _not_complex(x: Tensor, name: str) -> None:
    if x.dtype.kind == "c":
        raise DTypeError(f"{name} does not support complex inputs.")


@function(label=None)
def isposinf(input: Tensor) -> Tensor:
    """Where an element is positive infinity."""
    _not_complex(input, "isposinf")
    return p.eq(to_float(input), like(to_float(input), math.inf))


@function(label=None)
def isneginf(input: Tensor) -> Tensor:
    """Where an element is negative infinity."""
    _not_complex(input, "isneginf")
    return p.eq(to_float(input), like(to_float(input), -math.inf))


@function(label=None)
def signbit(input: Tensor) -> Tensor:
    """Where an element's sign is negative; -0.0 counts."""
    if input.dtype.kind != "f":
        return p.lt(input, like(input, 0))
    return p.lt(p.copysign(like(input, 1), input), like(input, 0))


@function(label=None, inplace=True)
def logical_not(input: Tensor) -> Tensor:
    """Where an element is zero."""
    return p.logical_not(input)


@function(label=None, inplace=True)
def bitwise_not(input: Tensor) -> Tensor:
    """The bits of each element turned over."""
    return p.bitwise_not(input)


@function(method=True, inplace=True)
def polygamma(input: Tensor | int, n: Tensor | int) -> Tensor:
    """The n-th derivative of digamma; the function takes n first, the method second."""
    x, order = (input, n) if isinstance(input, Tensor) else (n, input)
    if not isinstance(x, Tensor) or isinstance(order, (Tensor, bool)) or not isinstance(order, int):
        place = "argument 'n'" if isinstance(x, Tensor) else "argument 'input'"
        wanted = "int" if isinstance(x, Tensor) else "Tensor"
        given = order if isinstance(x, Tensor) else x
        raise TypeError(f"polygamma(): {place} must be {wanted}, not {type(given).__name__}")
    return p.digamma(to_float(x)) if order == 0 else p.polygamma(to_float(x), n=order)


@function(inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p.

    Raises:
        ArgumentError: p is below 1.

    Source: log(pi) p (p - 1) / 4 + the sum over i < p of lgamma(x - i / 2).
    """
    if p < 1:
        raise ArgumentError(f"mvlgamma: p has to be greater than or equal to 1, got {p}")
    if input.dtype is bool_:
        raise DTypeError("mvlgamma: The input tensor may not be a boolean tensor.")
    return _mvlgamma(to_float(input), p)


def _mvlgamma(x: Tensor, dimension: int) -> Tensor:
    out = like(x, dimension * (dimension - 1) / 4 * math.log(math.pi))
    for i in range(dimension):
        out = p.add(out, p.lgamma(p.sub(x, like(x, i / 2))))
    return out


@function()
def clone(input: Tensor) -> Tensor:
    """A copy that later writes to the tensor do not change."""
    return p.identity(input)


@function(method=False)
def fill(input: Tensor, value: Tensor | float) -> Tensor:
    """A tensor of the input's shape and type with `value` in every place."""
    source = cast_to(value, input.dtype) if isinstance(value, Tensor) else like(input, value)
    # Nothing of the input is left, but it is in the graph: its gradient is zero, not absent.
    return p.where(filled(input.shape, False, bool_), input, source)
