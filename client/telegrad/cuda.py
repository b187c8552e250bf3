"""torch's `cuda`, for programs that ask whether there is a graphics card.

Here is none to be named: what computes is elsewhere and was chosen by `connect`.
"""

from __future__ import annotations

from telegrad.random import manual_seed as _manual_seed

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """False: a tensor's device is `cpu`, wherever it is computed."""
    return False


def device_count() -> int:
    """How many cards can be named: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds the one generator that there is."""
    _manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seeds the one generator that there is."""
    _manual_seed(seed)


def empty_cache() -> None:
    """Changes nothing: the engine gives memory back by itself."""
