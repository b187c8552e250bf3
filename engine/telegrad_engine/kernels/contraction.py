"""Matrix products."""

from __future__ import annotations

from typing import Any


def matmul(xp: Any, a: Any, b: Any) -> Any:
    """Matrix products over broadcast leading dimensions; half precision multiplies in single."""
    if a.dtype.kind == "f" and a.dtype.itemsize == 2:
        return xp.matmul(a.astype("<f4"), b.astype("<f4")).astype(a.dtype)
    return xp.matmul(a, b)
