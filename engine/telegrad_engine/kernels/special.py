"""Special functions that belong to an array module: SciPy's for NumPy, CuPy's own for CuPy."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def special(xp: Any) -> ModuleType:
    """The module of special functions that works on `xp`'s arrays."""
    if xp.__name__ == "numpy":
        import scipy.special  # late: the slowest import of the engine, and many graphs need none of it

        return scipy.special  # type: ignore[no-any-return]
    import cupyx.scipy.special  # late: optional, and only on a GPU

    return cupyx.scipy.special  # type: ignore[no-any-return]


def _wide(x: Any) -> Any:
    return x.astype("<f4") if x.dtype.itemsize == 2 else x


def unary(name: str) -> Callable[..., Any]:
    """A forward that applies this special function and keeps the dtype; half precision computes in single."""

    def forward(xp: Any, x: Any) -> Any:
        return getattr(special(xp), name)(_wide(x)).astype(x.dtype)

    return forward


def binary(name: str) -> Callable[..., Any]:
    """As `unary`, of two arguments."""

    def forward(xp: Any, a: Any, b: Any) -> Any:
        return getattr(special(xp), name)(_wide(a), _wide(b)).astype(a.dtype)

    return forward


def lgamma(xp: Any, x: Any) -> Any:
    """The logarithm of |gamma(x)|; infinite at both infinities, as in C."""
    found = special(xp).gammaln(_wide(x)).astype(x.dtype)
    return xp.where(xp.isinf(x), xp.abs(x), found)


def polygamma(xp: Any, x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma; the first has no limit at -infinity."""
    found = special(xp).polygamma(n, x.astype("<f8")).astype(x.dtype)
    return xp.where(x == -xp.inf, xp.nan, found).astype(x.dtype) if n == 1 else found
