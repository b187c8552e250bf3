"""torch's collection of things beside tensors: data sets and their batches, checkpoints."""

from __future__ import annotations

from telegrad.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
