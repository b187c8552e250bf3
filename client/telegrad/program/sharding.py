"""A batch cut in slices, and the answers for these put together, in the order of the slices."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Final

import numpy as np

from telegrad.wire.convert import NDArray
from telegrad_proto.errors import ArgumentError

REDUCTIONS: Final = ("sum", "mean")


def slices_of(length: int, count: int) -> list[slice]:
    """So many slices, as equal as can be; fewer where there are fewer rows, but one at least.

    Raises:
        ArgumentError: that is no number, or no slice at all is asked for.
    """
    try:
        count = index(count)
    except TypeError:
        raise ArgumentError(f"shards: requires an integer, got {type(count).__name__}") from None
    if count < 1:
        raise ArgumentError(f"shards: requires 1 or more, got {count}")
    count = max(1, min(count, length))
    each, more = divmod(length, count)
    ends = [each * (i + 1) + min(i + 1, more) for i in range(count)]
    return [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def merged(parts: Sequence[NDArray], *, batched: bool, weights: Sequence[float] | None) -> NDArray:
    """One array of those of the slices.

    Args:
        parts: in the order of the slices, whoever was quick.
        batched: they have the batch axis: they are put behind each other; others are added up.
        weights: what share of all rows each slice has, where a mean is meant; None: a sum.

    Raises:
        ArgumentError: a mean of integers.
    """
    if batched:
        return np.concatenate(parts)
    if weights is not None and parts[0].dtype.kind not in "fc":
        raise ArgumentError(f'reduction="mean": requires floating point results, got {parts[0].dtype.name}')
    total = parts[0].copy() if weights is None else parts[0] * parts[0].dtype.type(weights[0])
    for i, part in enumerate(parts[1:], 1):
        total = total + (part if weights is None else part * part.dtype.type(weights[i]))
    return np.asarray(total, dtype=parts[0].dtype)
