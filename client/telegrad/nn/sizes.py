"""Sizes that are given once for all dimensions, or one a dimension."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def repeated(given: Any, count: int) -> tuple[Any, ...]:
    """One size a dimension."""
    return tuple(given) if isinstance(given, Iterable) else (given,) * count


def reversed_twice(sizes: Sequence[int]) -> list[int]:
    """Each size for both ends of its dimension, the last dimension's first, as `pad` wants them."""
    return [size for size in reversed(sizes) for _ in range(2)]
