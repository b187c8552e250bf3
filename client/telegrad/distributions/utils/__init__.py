"""torch.distributions.utils: what distributions of one's own are written with."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.distributions.parameters import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from telegrad.distributions.parameters import clamped as clamp_probs
from telegrad.distributions.utils.triangles import tril_matrix_to_vec, vec_to_tril_matrix
from telegrad.recording.registry import absent as _absent

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.distributions.utils'", "torch.distributions.utils", name)
