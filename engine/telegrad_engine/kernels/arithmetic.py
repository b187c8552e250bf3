"""Arithmetic whose edge cases NumPy, CuPy and torch see differently; torch's answer is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telegrad_proto.errors import EvaluationError


def _require_divisors(xp: Any, dividend: Any, divisor: Any) -> None:
    # Where nothing is divided, a divisor that would have been stretched is asked for nothing.
    if divisor.dtype.kind in "iu" and dividend.size and bool(xp.any(divisor == 0)):
        raise EvaluationError("ZeroDivisionError")


def floor_divide(xp: Any, a: Any, b: Any) -> Any:
    """a / b rounded down.

    Raises:
        EvaluationError: an integer divided by zero.
    """
    _require_divisors(xp, a, b)
    return xp.floor_divide(a, b)


def remainder(xp: Any, a: Any, b: Any) -> Any:
    """a - b * floor(a / b), of b's sign.

    Raises:
        EvaluationError: an integer divided by zero.
    """
    _require_divisors(xp, a, b)
    return xp.remainder(a, b)


def fmod(xp: Any, a: Any, b: Any) -> Any:
    """a - b * trunc(a / b), of a's sign.

    Raises:
        EvaluationError: an integer divided by zero.
    """
    _require_divisors(xp, a, b)
    return xp.fmod(a, b)


def power(xp: Any, a: Any, b: Any) -> Any:
    """a ** b; of integers with a negative exponent what is left after truncation."""
    if a.dtype.kind == "i":
        exact = xp.power(a, xp.where(b < 0, 0, b))
        odd = (b & 1).astype(bool)
        inverse = xp.where(a == 1, 1, xp.where(a == -1, xp.where(odd, -1, 1), 0))
        return xp.where(b < 0, inverse, exact).astype(a.dtype)
    if xp.__name__ == "numpy" and b.size == 1 and a.dtype.kind == "f" and b.ndim <= a.ndim:
        # libm's pow costs 20 multiplications; on a GPU, looking at the exponent would stop the stream.
        exponent = b.item()
        if exponent == 2.0:
            return xp.multiply(a, a)
        if exponent == 3.0:
            return a * a * a
        if exponent == 1.0:
            return a
    return xp.power(a, b)


def sign(xp: Any, x: Any) -> Any:
    """-1, 0 or 1, and 0 of NaN; of a complex number x / |x|, and 0 of 0."""
    if x.dtype.kind == "b":
        return x
    if x.dtype.kind == "f":
        return xp.where(x != x, 0, xp.sign(x)).astype(x.dtype)
    if x.dtype.kind != "c":
        return xp.sign(x)
    size = xp.abs(x)
    return xp.where(size == 0, 0, x / xp.where(size == 0, 1, size)).astype(x.dtype)


def shift_left(xp: Any, a: Any, b: Any) -> Any:
    """a moved up by b bits; all are moved out where b is negative or not less than the width.

    C++ leaves such shifts undefined, and so does CuPy.
    """
    inside = (b >= 0) & (b < 8 * a.dtype.itemsize)
    return xp.where(inside, xp.left_shift(a, xp.where(inside, b, 0).astype(b.dtype)), 0).astype(a.dtype)


def shift_right(xp: Any, a: Any, b: Any) -> Any:
    """a moved down by b bits, the sign filling up; the sign alone is left where `shift_left` gives 0."""
    inside = (b >= 0) & (b < 8 * a.dtype.itemsize)
    moved = xp.right_shift(a, xp.where(inside, b, 0).astype(b.dtype))
    return xp.where(inside, moved, xp.where(a < 0, -1, 0) if a.dtype.kind == "i" else 0).astype(a.dtype)


def expm1(xp: Any, x: Any) -> Any:
    """exp(x) - 1 without cancellation near 0, also for complex numbers, which CuPy's does not take."""
    if x.dtype.kind != "c":
        return xp.expm1(x)
    half = xp.sin(x.imag / 2)
    grown = xp.exp(x.real)
    return (xp.expm1(x.real) * xp.cos(x.imag) - 2 * half * half + 1j * (grown * xp.sin(x.imag))).astype(
        x.dtype
    )


def log1p(xp: Any, x: Any) -> Any:
    """log(1 + x) without cancellation near 0, also for complex numbers, which CuPy's does not take.

    Source: log|1 + x| = log1p(r (r + 2) + i^2) / 2 for x = r + i j, used where |1 + x| is near 1.
    """
    if x.dtype.kind != "c":
        return xp.log1p(x)
    r, i = x.real, x.imag
    near = xp.abs(r) + xp.abs(i) < 0.5
    size = xp.where(near, 0.5 * xp.log1p(xp.where(near, r * (r + 2) + i * i, 0)), xp.log(xp.hypot(1 + r, i)))
    return (size + 1j * xp.arctan2(i, 1 + r)).astype(x.dtype)


def log_base(xp: Any, x: Any, base: int) -> Any:
    """The logarithm to base 2 or 10."""
    if x.dtype.kind != "c":
        return xp.log2(x) if base == 2 else xp.log10(x)
    return xp.log(x) * (1 / math.log(base))


def exp2(xp: Any, x: Any) -> Any:
    """2 ** x."""
    return xp.exp2(x) if x.dtype.kind != "c" else xp.exp(x * math.log(2))


def rounded(xp: Any, x: Any, how: Callable[[Any], Any]) -> Any:
    """x rounded to integers in its own dtype; integers are already."""
    return x if x.dtype.kind in "iu" else how(x)
