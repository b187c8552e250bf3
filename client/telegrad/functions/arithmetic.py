"""Functions of two and three tensors, element by element."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable

from telegrad import _primitives as p
from telegrad.functions.operands import (
    Operand,
    as_tensor,
    detached,
    floating_pair,
    lifted,
    like,
)
from telegrad.making.promotion import Number, promote_all, promote_operands
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import bool_
from telegrad_proto.errors import ArgumentError, DTypeError

Binary = Callable[[Operand, Operand], Tensor]


def _overload(result: Tensor, other: Operand, label: str) -> Tensor:
    """The result under the name that torch gives it where the second operand is a tensor."""
    return labelled(result, label) if isinstance(other, Tensor) else result


def _binary(
    name: str,
    primitive: Callable[[Tensor, Tensor], Tensor],
    doc: str,
    *,
    labels: tuple[str, str, str] | None = None,
    floats: bool = False,
    aliases: tuple[str, ...] = (),
    numbers: str = "either",
) -> Binary:
    """The torch function that is one primitive of two operands, either of which may be a number, in one type.

    Args:
        name: torch's name.
        primitive: the primitive.
        doc: its text.
        labels: torch's names of the node where the second operand is a number, neither is, the first is.
        floats: make integers floating point.
        aliases: further names.
        numbers: where numbers are taken: "both" operands at once, "either", the "other" one, "none".
    """

    def apply(input: Operand, other: Operand) -> Tensor:
        result = primitive(*(floating_pair if floats else promote_operands)(input, other))
        if labels is None:
            return result
        return labelled(
            result, labels[0 if not isinstance(other, Tensor) else 1 if isinstance(input, Tensor) else 2]
        )

    def apply_both(input: Operand, other: Operand) -> Tensor:
        return apply(lifted(input, other), other)

    def apply_exponent(input: Operand, exponent: Operand) -> Tensor:
        _check_exponent(input, exponent)
        return apply(input, exponent)

    def apply_first(input: Tensor, other: Operand) -> Tensor:
        return apply(input, other)

    def apply_tensors(input: Tensor, other: Tensor) -> Tensor:
        return apply(input, other)

    body: Binary = {"both": apply_both, "either": apply, "other": apply_first, "none": apply_tensors}[numbers]  # type: ignore[assignment]
    if name == "pow":
        body = apply_exponent
    body.__name__ = body.__qualname__ = name
    body.__doc__ = doc
    return function(inplace=True, method=True, aliases=aliases)(body)


def _check_exponent(base: Operand, exponent: Operand) -> None:
    if isinstance(base, Tensor) and base.dtype.kind in "biu" and isinstance(exponent, int) and exponent < 0:
        raise ArgumentError("Integers to negative integer powers are not allowed.")


def _numbered(name: str, second: str = "1") -> tuple[str, str, str]:
    return f"{name}Backward0", f"{name}Backward1", f"{name}Backward{second}"


mul = _binary("mul", p.mul, "The products.", aliases=("multiply",), numbers="both")
maximum = _binary("maximum", p.maximum, "The larger of two elements; NaN where one is NaN.", numbers="none")
minimum = _binary("minimum", p.minimum, "The smaller of two elements; NaN where one is NaN.", numbers="none")
atan2 = _binary(
    "atan2",
    p.atan2,
    "The angles of points (other, input).",
    floats=True,
    aliases=("arctan2",),
    numbers="none",
)
copysign = _binary(
    "copysign",
    p.copysign,
    "Magnitudes of one, signs of the other.",
    floats=True,
    labels=("CopysignBackward1", "CopysignBackward0", "CopysignBackward0"),
    numbers="other",
)
hypot = _binary("hypot", p.hypot, "The square roots of sums of two squares.", floats=True, numbers="none")
igamma = _binary(
    "igamma",
    p.igamma,
    "The lower regularised incomplete gamma function.",
    aliases=("gammainc",),
    numbers="none",
)
igammac = _binary(
    "igammac",
    p.igammac,
    "The upper regularised incomplete gamma function.",
    aliases=("gammaincc",),
    numbers="none",
)
gcd = _binary("gcd", p.gcd, "The greatest common divisors.", numbers="none")
lcm = _binary("lcm", p.lcm, "The least common multiples.", numbers="none")
remainder = _binary(
    "remainder", p.remainder, "The remainders with the divisors' signs.", labels=_numbered("Remainder")
)
fmod = _binary(
    "fmod", p.fmod, "The remainders with the dividends' signs.", labels=_numbered("Fmod"), numbers="other"
)
pow = _binary("pow", p.pow, "Each element to a power.", labels=_numbered("Pow", "2"))


def _scaled(other: Operand, alpha: Number) -> Operand:
    if type(alpha) is int and alpha == 1:
        return other
    return mul(other, alpha) if isinstance(other, Tensor) else other * alpha


@function(inplace=True, method=True)
def add(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other."""
    return p.add(*promote_operands(lifted(input, other), _scaled(other, alpha)))


def _no_bool(a: Tensor, b: Tensor) -> None:
    if a.dtype is bool_ or b.dtype is bool_:
        raise DTypeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
            if a.dtype is not b.dtype
            else "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )


@function(inplace=True, aliases=("subtract",), method=True)
def sub(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other.

    Raises:
        DTypeError: an operand is bool.
    """
    _no_bool(as_tensor(input), as_tensor(other))
    return p.sub(*promote_operands(lifted(input, other), _scaled(other, alpha)))


@function(label=None)
def rsub(input: Tensor, other: Operand, *, alpha: Number = 1) -> Tensor:
    """other - alpha * input."""
    _no_bool(as_tensor(input), as_tensor(other))
    out = p.sub(*promote_operands(other, _scaled(input, alpha)))
    return labelled(out, f"RsubBackward{0 if isinstance(other, Tensor) else 1}")


@function(inplace=True, aliases=("divide",), method=True)
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, of which `rounding_mode` "trunc" leaves the integer part, "floor" the largest integer
    not above.

    Raises:
        ArgumentError: another rounding mode.
    """
    input = lifted(input, other)
    if rounding_mode is None:
        return p.div(*floating_pair(input, other))
    a, b = promote_operands(input, other)
    label = "DivBackward2" if isinstance(other, Tensor) else "DivBackward3"
    if rounding_mode == "floor":
        return labelled(p.floor_divide(a, b), label)
    if rounding_mode != "trunc":
        raise ArgumentError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    if a.dtype.kind == "f":
        return labelled(p.trunc(p.div(a, b)), label)
    return truncated(a, b)


def truncated(a: Tensor, b: Tensor) -> Tensor:
    """The integer parts of quotients of integers."""
    return p.floor_divide(p.sub(a, p.fmod(a, b)), b)


@function(label="DivBackward0", inplace=True, method=True)
def true_divide(input: Operand, other: Operand) -> Tensor:
    """input / other."""
    return p.div(*floating_pair(lifted(input, other), other))


@function(inplace=True, method=True)
def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The largest integers not above input / other."""
    return p.floor_divide(*promote_operands(lifted(input, other), other))


@function()
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two elements; where one is NaN the other."""
    a, b = promote_operands(input, other)
    return p.where(p.logical_or(p.ge(a, b), p.isnan(b)), a, b)


@function()
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two elements; where one is NaN the other."""
    a, b = promote_operands(input, other)
    return p.where(p.logical_or(p.le(a, b), p.isnan(b)), a, b)


def _log_sum(a: Tensor, b: Tensor, base: float) -> Tensor:
    """log(base ** a + base ** b) to the base, with no overflow: the larger one is taken out, ties either
    way.
    """
    if a.dtype.kind == "c":
        first = p.ge(p.real(a), p.real(b))
        high, low = p.where(first, a, b), p.where(first, b, a)
        return p.add(high, p.log(p.add(p.exp(p.sub(low, high)), like(a, 1))))
    first = p.ge(a, b)
    high, low = p.where(first, a, b), p.where(first, b, a)
    # Both infinite: their difference is NaN, the answer is either one.
    same = p.logical_and(p.isinf(high), p.eq(high, low))
    zero = like(a, 0)
    gap = p.sub(p.where(same, zero, low), p.where(same, zero, high))
    rise = p.log1p(p.exp(gap) if base == math.e else p.exp2(gap))
    total = p.add(high, rise if base == math.e else p.mul(rise, like(a, 1 / math.log(2))))
    return p.where(p.logical_or(p.isnan(a), p.isnan(b)), p.add(a, b), p.where(same, high, total))


@function(inplace=True)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next floating point numbers towards other; the gradient goes to whichever the result comes from."""
    a, b = promote_operands(input, other)
    start = p.where(p.eq(a, b), b, a)
    result = p.nextafter(detached(a), detached(b))
    step = p.sub(result, detached(start))
    # One step away is exact, but from infinity.
    return p.where(p.isfinite(step), p.add(start, step), result)


@function()
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other))."""
    return _log_sum(*floating_pair(input, other), math.e)


@function()
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2 ** input + 2 ** other)."""
    return _log_sum(*floating_pair(input, other), 2.0)


def zero_times(x: Tensor, y: Tensor, log: Callable[[Tensor], Tensor], lowest: float) -> Tensor:
    """x * log(y), and 0 where x is 0 unless y is NaN; its derivative by x stays log(y) where that is
    finite.
    """
    outside = p.logical_and(p.eq(x, like(x, 0)), p.le(y, like(y, lowest)))
    return p.mul(x, log(p.where(outside, like(y, lowest + 1), y)))


@function(inplace=True, method=True)
def xlogy(input: Operand, other: Operand) -> Tensor:
    """input * log(other), and 0 where input is 0."""
    x, y = floating_pair(input, other)
    infinite = p.logical_and(p.eq(x, like(x, 0)), p.eq(y, like(y, math.inf)))
    return zero_times(x, p.where(infinite, like(y, 1), y), p.log, 0.0)


@function(inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """The points between input and end that lie `weight` of the way along."""
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Tensor) and x.dtype is not input.dtype and (name == "end" or x.ndim):
            raise DTypeError(f"expected dtype {input.dtype.name} for `{name}` but got dtype {x.dtype.name}")
    start, stop, share = promote_all(input, end, weight)
    way = p.sub(stop, start)
    one, half = like(share, 1), like(share, 0.5)
    # From the nearer end, so that both ends are met exactly.
    near = p.add(start, p.mul(share, way))
    far = p.sub(stop, p.mul(way, p.sub(one, share)))
    if not isinstance(weight, Tensor):
        return near if (weight.real if isinstance(weight, builtins.complex) else weight) < 0.5 else far
    size = p.abs(share) if share.dtype.kind == "c" else share
    out = p.where(p.lt(size, half if share.dtype.kind != "c" else like(size, 0.5)), near, far)
    return _overload(out, weight, "LerpBackward1")


@function(inplace=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    base, a, b = promote_all(input, tensor1, tensor2)
    product = p.mul(a, b)
    return p.add(base, product if value == 1 else p.mul(like(product, value), product))


@function(inplace=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2.

    Raises:
        DTypeError: the tensors to divide hold integers.
    """
    base, a, b = promote_all(input, tensor1, tensor2)
    if a.dtype.kind not in "fc":
        raise DTypeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will "
            "perform a true division of tensor1 and tensor2."
        )
    quotient = p.div(a, b)
    return p.add(base, quotient if value == 1 else p.mul(like(quotient, value), quotient))


@function(inplace=True, aliases=("clip",))
def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Each element, or the bound that it passes.

    Raises:
        ArgumentError: there is no bound.
    """
    if isinstance(min, Tensor) != isinstance(max, Tensor) and min is not None and max is not None:
        raise TypeError(
            "clamp(): requires bounds that are both tensors or both numbers, got "
            f"{type(min).__name__} and {type(max).__name__}"
        )
    if min is None and max is None:
        raise ArgumentError("torch.clamp: At least one of 'min' or 'max' must not be None")
    bounds = [bound for bound in (min, max) if bound is not None]
    x, *limits = promote_all(input, *bounds)
    if min is not None:
        x = _bounded(x, limits[0], p.lt, min)
    if max is not None:
        x = _bounded(x, limits[-1], p.gt, max)
    return x if isinstance(bounds[0], Tensor) else labelled(x, "ClampBackward1")


def _bounded(x: Tensor, bound: Tensor, passes: Callable[[Tensor, Tensor], Tensor], given: Operand) -> Tensor:
    # At the bound itself the element stands, and so it takes the gradient, as in torch.
    beyond = passes(x, bound)
    if x.dtype.kind == "f" and (isinstance(given, Tensor) or given != given):
        beyond = p.logical_or(beyond, p.isnan(bound))
    return p.where(beyond, bound, x)


@function(inplace=True)
def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """Each element, or the bound where that is larger."""
    return _overload(_bounded(*promote_operands(input, min), p.lt, min), min, "ClampMinBackward1")


@function(inplace=True)
def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """Each element, or the bound where that is smaller."""
    return _overload(_bounded(*promote_operands(input, max), p.gt, max), max, "ClampMaxBackward1")
