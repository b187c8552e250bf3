"""Sums over batches, shard by shard, and then over shards in their order.

Addition of floating-point numbers depends on its order, so the order is fixed: batches within a shard, then
shards by number. Who computed which shard, when, and how often changes nothing.

The sums are kept in float64 (complex128) and rounded to the program's own type at the end.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Named = Mapping[str, npt.NDArray[Any]]


class Totals:
    """Values and gradients added up, each weighted."""

    def __init__(self) -> None:
        self.sums: dict[str, npt.NDArray[Any]] = {}
        self.types: dict[str, np.dtype[Any]] = {}
        self.rows = 0

    def add(self, found: Named, rows: int, weight: float) -> None:
        """Adds a batch's results, so many times."""
        for name, array in found.items():
            wide = array.astype(np.result_type(array.dtype, np.float64)) * weight
            self.types.setdefault(name, array.dtype)
            self.sums[name] = self.sums[name] + wide if name in self.sums else wide
        self.rows += rows

    def merge(self, other: Totals) -> None:
        """Adds what comes after."""
        for name, array in other.sums.items():
            self.types.setdefault(name, other.types[name])
            self.sums[name] = self.sums[name] + array if name in self.sums else array
        self.rows += other.rows

    def result(self, divisor: float) -> dict[str, npt.NDArray[Any]]:
        """The totals, divided, in the types of what was added; divided integers become floats."""
        found = {}
        for name, array in self.sums.items():
            quotient = array / divisor if divisor != 1.0 else array
            wanted = self.types[name]
            found[name] = quotient.astype(wanted if wanted.kind in "fc" or divisor == 1.0 else np.float64)
        return found

    def to_bytes(self) -> bytes:
        """For the job's folder: an archive of arrays."""
        named = {f"sum.{name}": array for name, array in self.sums.items()}
        named |= {f"type.{name}": np.zeros(0, kind) for name, kind in self.types.items()}
        file = io.BytesIO()
        np.savez(file, rows=np.int64(self.rows), allow_pickle=False, **named)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Totals:
        """The totals that `to_bytes` wrote."""
        totals = cls()
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            for name in archive.files:
                kind, _, rest = name.partition(".")
                if kind == "sum":
                    totals.sums[rest] = archive[name]
                elif kind == "type":
                    totals.types[rest] = archive[name].dtype
            totals.rows = int(archive["rows"])
        return totals
