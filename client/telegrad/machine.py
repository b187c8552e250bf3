"""What programs ask of the machine that computes: here it is elsewhere, and decides for itself."""

from __future__ import annotations

from typing import Any

from telegrad.types import check_device
from telegrad.types import device as device_type
from telegrad_proto.errors import ArgumentError

_threads = {"inside": 1, "between": 1}
_settings: dict[str, Any] = {"deterministic": False, "precision": "highest"}


def set_num_threads(threads: int) -> None:
    """Takes note of the number; the engine chooses its own.

    Raises:
        ArgumentError: it is not positive.
    """
    _threads["inside"] = _positive(threads, "set_num_threads")


def get_num_threads() -> int:
    """What `set_num_threads` was told."""
    return _threads["inside"]


def set_num_interop_threads(threads: int) -> None:
    """Takes note of the number; the engine chooses its own.

    Raises:
        ArgumentError: it is not positive.
    """
    _threads["between"] = _positive(threads, "set_num_interop_threads")


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was told."""
    return _threads["between"]


def _positive(threads: int, name: str) -> int:
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise TypeError(f"{name} expects an int, but got {type(threads).__name__}")
    if threads < 1:
        raise ArgumentError(f"{name} expects a positive integer, got {threads}")
    return threads


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Takes note of it: on a CPU every operator gives the same bits each time anyway."""
    _settings["deterministic"] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return bool(_settings["deterministic"])


def set_float32_matmul_precision(precision: str) -> None:
    """Takes note of it; products of float32 are computed in float32.

    Raises:
        ArgumentError: there is no such precision.
    """
    if precision not in ("highest", "high", "medium"):
        raise ArgumentError(
            f"set_float32_matmul_precision: requires 'highest', 'high' or 'medium', got {precision!r}"
        )
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return str(_settings["precision"])


def get_default_device() -> device_type:
    """Where tensors are, from the program's point of view."""
    return device_type("cpu")


def set_default_device(device: Any) -> None:
    """Accepts the one device that there is.

    Raises:
        GraphError: another one.
    """
    check_device(device)
