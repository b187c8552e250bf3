"""What a type's numbers can be: `finfo` and `iinfo`."""

from __future__ import annotations

from typing import Any

import numpy as np

from telegrad.making.promotion import get_default_dtype
from telegrad.wire.convert import numpy_dtype
from telegrad_proto.dtypes import DType


class finfo:
    """The bounds and the precision of a floating point type.

    Attributes:
        bits: of one number.
        eps: the gap between 1 and the next number.
        max, min: the largest and the smallest number.
        tiny, smallest_normal: the smallest positive number with full precision.
        resolution: how many decimals hold.
        dtype: the type's name.
    """

    def __init__(self, type: DType | None = None) -> None:
        dtype = (type or get_default_dtype()).to_real()
        if dtype.kind != "f":
            raise TypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{dtype!r}'"
            )
        known: Any = np.finfo(numpy_dtype(dtype))
        self.bits = int(known.bits)
        self.eps = float(known.eps)
        self.max = float(known.max)
        self.min = float(known.min)
        self.tiny = self.smallest_normal = float(known.tiny)
        self.resolution = float(f"1e-{known.precision}")
        self.dtype = dtype.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The bounds of an integer type.

    Attributes:
        bits: of one number.
        max, min: the largest and the smallest number.
        dtype: the type's name.
    """

    def __init__(self, type: DType) -> None:
        if type.kind not in "iu":
            raise TypeError(
                f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type!r}'"
            )
        known = np.iinfo(numpy_dtype(type))
        self.bits, self.max, self.min, self.dtype = known.bits, int(known.max), int(known.min), type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
