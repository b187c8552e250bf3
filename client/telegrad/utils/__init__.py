"""torch's collection of things beside tensors: data sets and their batches, checkpoints."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.recording.registry import absent as _absent
from telegrad.utils import checkpoint, data

__all__ = ["checkpoint", "data"]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.utils'", "torch.utils", name)
