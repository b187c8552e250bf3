"""torch's `accelerator`, for programs that ask for one: as in `cuda`, none is to be named."""

from __future__ import annotations

from typing import Any

__all__ = ["current_accelerator", "device_count", "is_available"]


def is_available() -> bool:
    """False: a tensor's device is `cpu`, wherever it is computed."""
    return False


def device_count() -> int:
    """How many accelerators can be named: none."""
    return 0


def current_accelerator(check_available: bool = False) -> Any:
    """None, as in torch where there is no accelerator."""
    return None
