"""torch.special's orthogonal polynomials, by their recurrences. They take no gradient, as torch's.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 22.7; shifted ones are those of 2x - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.creation import array_from
from telegrad.functions.operands import Operand, detached, expanded, floating_pair, like
from telegrad.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.dtypes import float16
from telegrad_proto.errors import DTypeError

#: From x, the polynomials of degrees k and k - 1, and k: that of degree k + 1.
Step = Callable[[Tensor, Tensor, Tensor, int], Tensor]
First = Callable[[Tensor], Tensor]


def _line(slope: float, offset: float) -> First:
    return lambda x: p.add(p.mul(x, like(x, slope)), like(x, offset))


def _chebyshev(x: Tensor, now: Tensor, before: Tensor, k: int) -> Tensor:
    return p.sub(p.mul(_line(2, 0)(x), now), before)


def _hermite(x: Tensor, now: Tensor, before: Tensor, k: int) -> Tensor:
    return p.sub(p.mul(_line(2, 0)(x), now), p.mul(before, like(x, 2 * k)))


def _probabilists(x: Tensor, now: Tensor, before: Tensor, k: int) -> Tensor:
    return p.sub(p.mul(x, now), p.mul(before, like(x, k)))


def _laguerre(x: Tensor, now: Tensor, before: Tensor, k: int) -> Tensor:
    above = p.sub(p.mul(_line(-1, 2 * k + 1)(x), now), p.mul(before, like(x, k)))
    return p.div(above, like(x, k + 1))


def _legendre(x: Tensor, now: Tensor, before: Tensor, k: int) -> Tensor:
    above = p.sub(p.mul(p.mul(x, like(x, 2 * k + 1)), now), p.mul(before, like(x, k)))
    return p.div(above, like(x, k + 1))


def _family(
    name: str, first: First, step: Step, doc: str, *, shifted: bool = False
) -> Callable[[Operand, Operand], Tensor]:
    """The function of x and the degree; degrees below 0 give 0, broken ones are cut."""

    def apply(input: Operand, n: Operand) -> Tensor:
        point, degree = floating_pair(input, n)
        if point.dtype is float16 or point.dtype.kind == "c":
            raise DTypeError(f"\"{name}_cpu\" not implemented for '{scalar_name(point.dtype)}'")
        x, degree = detached(point), p.trunc(detached(degree))
        if shifted:
            x = _line(2, -1)(x)
        last = _largest(n)
        before, now = like(x, 1), first(x)
        found = p.where(p.lt(degree, like(x, 0)), like(x, 0), before)
        for k in range(1, last + 1):
            found = p.where(p.eq(degree, like(x, k)), now, found)
            before, now = now, step(x, now, before, k)
        return expanded(found, shapes.broadcast(x._spec.shape, degree._spec.shape))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = doc
    return function(label=None, namespace="special")(apply)


def _largest(n: Operand) -> int:
    """The largest degree; a tensor's is looked at."""
    if not isinstance(n, Tensor):
        assert not isinstance(n, complex), "the types were checked"
        return int(n)
    degrees: np.ndarray[Any, Any] = array_from(n)
    return int(degrees.max()) if degrees.size else 0


chebyshev_polynomial_t = _family(
    "chebyshev_polynomial_t",
    _line(1, 0),
    _chebyshev,
    "The Chebyshev polynomial of the first kind and degree n.",
)
chebyshev_polynomial_u = _family(
    "chebyshev_polynomial_u",
    _line(2, 0),
    _chebyshev,
    "The Chebyshev polynomial of the second kind and degree n.",
)
chebyshev_polynomial_v = _family(
    "chebyshev_polynomial_v",
    _line(2, -1),
    _chebyshev,
    "The Chebyshev polynomial of the third kind and degree n.",
)
chebyshev_polynomial_w = _family(
    "chebyshev_polynomial_w",
    _line(2, 1),
    _chebyshev,
    "The Chebyshev polynomial of the fourth kind and degree n.",
)
shifted_chebyshev_polynomial_t = _family(
    "shifted_chebyshev_polynomial_t",
    _line(1, 0),
    _chebyshev,
    "The shifted Chebyshev polynomial of the first kind and degree n.",
    shifted=True,
)
shifted_chebyshev_polynomial_u = _family(
    "shifted_chebyshev_polynomial_u",
    _line(2, 0),
    _chebyshev,
    "The shifted Chebyshev polynomial of the second kind and degree n.",
    shifted=True,
)
shifted_chebyshev_polynomial_v = _family(
    "shifted_chebyshev_polynomial_v",
    _line(2, -1),
    _chebyshev,
    "The shifted Chebyshev polynomial of the third kind and degree n.",
    shifted=True,
)
shifted_chebyshev_polynomial_w = _family(
    "shifted_chebyshev_polynomial_w",
    _line(2, 1),
    _chebyshev,
    "The shifted Chebyshev polynomial of the fourth kind and degree n.",
    shifted=True,
)
hermite_polynomial_h = _family(
    "hermite_polynomial_h", _line(2, 0), _hermite, "The physicists' Hermite polynomial of degree n."
)
hermite_polynomial_he = _family(
    "hermite_polynomial_he", _line(1, 0), _probabilists, "The probabilists' Hermite polynomial of degree n."
)
laguerre_polynomial_l = _family(
    "laguerre_polynomial_l", _line(-1, 1), _laguerre, "The Laguerre polynomial of degree n."
)
legendre_polynomial_p = _family(
    "legendre_polynomial_p", _line(1, 0), _legendre, "The Legendre polynomial of degree n."
)
