"""Below which a singular value counts as zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import like, tensor_of
from telegrad.making.promotion import constant
from telegrad.tensor import Tensor


def tolerances(x: Tensor, atol: Any, rtol: Any) -> tuple[Tensor, Tensor]:
    """The absolute tolerance, and the one relative to the largest value; the larger of the two counts.

    Without any the relative one is, as torch's, the larger side of the matrix times epsilon.
    """
    dtype = x.dtype.to_real()
    default = max(x.shape[-2:]) * float(np.finfo(dtype.typestr).eps)

    def given(value: Any) -> Tensor:
        return tensor_of(value, dtype) if isinstance(value, Tensor) else constant(float(value), dtype)

    if atol is None:
        return given(0.0), given(default if rtol is None else rtol)
    least = given(atol)
    if rtol is not None:
        return least, given(rtol)
    if not isinstance(atol, Tensor):
        return least, given(0.0 if atol > 0 else default)
    return least, p.where(p.gt(least, like(least, 0)), like(least, 0), like(least, default))


def count_above(values: Tensor, x: Tensor, atol: Any, rtol: Any) -> Tensor:
    """Where singular values of x are above the tolerances.

    Shape: (..., k) to (..., k)
    """
    least, share = (p.reshape(t, shape=(*t.shape, 1)) if t.ndim else t for t in tolerances(x, atol, rtol))
    if not values.shape[-1]:
        return p.gt(values, like(values, 0))
    largest = p.amax(values, axes=(values.ndim - 1,), keepdims=True)
    return p.gt(values, p.maximum(least, p.mul(share, largest)))
