"""Below which a singular value counts as zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import like, tensor_of
from telegrad.tensor import Tensor


def tolerance(largest: Tensor, size: int, atol: Any, rtol: Any) -> Tensor:
    """The larger of `atol` and of `rtol` times the largest value; of neither, as torch, rtol is size times epsilon.

    Shape: largest (..., 1), atol and rtol numbers or (...), to what stretches against largest.
    """
    default = size * float(np.finfo(largest.dtype.typestr).eps)

    def bound(given: Any) -> Tensor:
        if not isinstance(given, Tensor):
            return like(largest, float(given))
        x = tensor_of(given, largest.dtype)
        return p.reshape(x, shape=(*x.shape, 1)) if x.ndim else x

    if atol is None:
        return p.mul(bound(default if rtol is None else rtol), largest)
    least = bound(atol)
    if rtol is not None:
        return p.maximum(least, p.mul(bound(rtol), largest))
    relative = p.where(p.gt(least, like(largest, 0)), like(largest, 0), like(largest, default))
    return p.maximum(least, p.mul(relative, largest))
