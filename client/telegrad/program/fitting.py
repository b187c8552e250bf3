"""What goes with the length of the batch axis: found by comparing what it records at several lengths.

Numbers that differ are fitted with a line (for pairs of rows with a square), with 1 / a line (a mean's
factor), or with a line over the next (the variance's correction), through two lengths, and held against the
third. What fits none of these cannot be saved, and is told with the user's line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telegrad.program.capturing import Captured
from telegrad.wire.callsite import describe
from telegrad.wire.convert import NDArray, spec_of
from telegrad.wire.entries import Entry
from telegrad_proto.errors import StructureError, TraceError
from telegrad_proto.v1 import program_pb2
from telegrad_proto.varying import number_at, packed, replaced

Varying = program_pb2.Varying

#: Far apart, so that a curve is no line; different modulo 2, 3, 4, 5, 7 and 8, so that no rest is overlooked.
LENGTHS: Final = (97, 1014, 6007)

#: How well a fit gives Python's numbers.
_CLOSE: Final = 1e-9


_LARGEST_SQUARE: Final = 1024

#: base and slope.
Line = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number stands: an item of a node's attribute, or a constant."""

    node: int = 0
    attr: int = 0
    item: int = 0
    leaf: int = 0

    def message(self, above: Line, below: Line = (0.0, 0.0), *, square: float = 0.0) -> program_pb2.Varying:
        made = Varying(
            base=above[0], slope=above[1], square=square, divisor_base=below[0], divisor_slope=below[1]
        )
        if self.leaf:
            made.leaf = self.leaf
        else:
            made.node, made.attr, made.item = self.node, self.attr, self.item
        return made


def fitted(runs: Sequence[Captured]) -> list[program_pb2.Varying]:
    """What in the first of the runs goes with the length, one of LENGTHS for each run.

    Raises:
        TraceError: the function does something else at another length than the same with other numbers.
    """
    first = runs[0]
    for other in runs[1:]:
        _require_same(first, other)
    found = []
    for i, entries in enumerate(zip(*[run.nodes for run in runs], strict=True)):
        found += _attributes(i, entries)
    for leaves in zip(*[run.leaves for run in runs], strict=True):
        id_ = leaves[0][0]
        # A Python number before it was rounded to its type tells more.
        exact = [run.numbers.get(id_) for run in runs]
        found += _constant(id_, [array for _, array in leaves], [] if None in exact else exact)
    return found


def _require_same(a: Captured, b: Captured) -> None:
    for x, y in zip(a.nodes, b.nodes, strict=False):
        if (x[0], x[1], x[3], x[4], len(x[2])) != (y[0], y[1], y[3], y[4], len(y[2])):
            raise TraceError(
                f"trace: what the function does at {_line(x)} goes with the length of the batch: it records "
                f"{x[0].name} at one length and {y[0].name} at another, or of something else. Use operators "
                "on the whole batch, not Python's loops and conditions on its length"
            )
    longer = a if len(a.nodes) > len(b.nodes) else b
    shorter = min(len(a.nodes), len(b.nodes))
    if len(a.nodes) != len(b.nodes):
        raise TraceError(
            f"trace: at {_line(longer.nodes[shorter])} the function records more operators for a longer "
            "batch, or for a shorter one: use operators on the whole batch, not Python's loops over it"
        )
    requests = [
        [
            (r.after, r.roots, r.cotangents, r.wrt, r.gradients, r.create_graph, r.batched)
            for r in run.backwards
        ]
        for run in (a, b)
    ]
    constants = [[(id_, spec_of(array)) for id_, array in run.leaves] for run in (a, b)]
    if requests[0] != requests[1] or constants[0] != constants[1]:
        raise TraceError(
            "trace: the constants or the gradients that the function takes go with the length of the batch: "
            "make such a constant with an operator, as ones() or arange()"
        )


def _line(entry: Entry) -> str:
    return describe((entry[5], entry[6]))


def _attributes(node: int, entries: Sequence[Entry]) -> list[program_pb2.Varying]:
    found = []
    first = entries[0]
    for k, values in enumerate(zip(*[entry[2] for entry in entries], strict=True)):
        if _alike(values):
            continue
        tuples = isinstance(values[0], tuple)
        items = list(zip(*values, strict=False)) if tuples else [values]
        if tuples and len({len(v) for v in values}) > 1:
            raise _unfit(first)
        for i, numbers in enumerate(items):
            if _alike(numbers):
                continue
            made = _fit(numbers, _Place(node=node, attr=k, item=i), _checker_of(numbers))
            if made is None:
                raise _unfit(first)
            found.append(made)
    return found


def _alike(values: Sequence[Any]) -> bool:
    return all(type(v) is type(values[0]) and v == values[0] for v in values)


def _unfit(entry: Entry) -> TraceError:
    return TraceError(
        f"trace: {entry[0].name} at {_line(entry)} depends on the length of the batch in a way that a "
        "program cannot hold; it holds multiples of the length and of its square, sums and quotients"
    )


def _checker_of(numbers: Sequence[Any]) -> Callable[[program_pb2.Varying], bool]:
    def check(entry: program_pb2.Varying) -> bool:
        at_first = program_pb2.Varying()
        at_first.CopyFrom(entry)
        at_first.item = 0
        return all(
            replaced(number, at_first, length) == number
            for number, length in zip(numbers, LENGTHS, strict=True)
        )

    return check


def _constant(id_: int, arrays: Sequence[NDArray], exact: Sequence[Any]) -> list[program_pb2.Varying]:
    data = [array.tobytes() for array in arrays]
    if all(d == data[0] for d in data):
        return []
    dtype = spec_of(arrays[0]).dtype

    def check(entry: program_pb2.Varying) -> bool:
        found = [number_at(entry, n) for n in LENGTHS]
        if exact and not np.allclose(found, exact, rtol=_CLOSE, atol=0):
            return False
        return all(packed(number, dtype) == d for number, d in zip(found, data, strict=True))

    made = None
    if arrays[0].size == 1 and dtype.kind in "iufc":
        numbers = exact or [array.reshape(-1)[0].item().real for array in arrays]
        made = _fit(numbers, _Place(leaf=id_), check)
    if made is None:
        raise TraceError(
            f"trace: a constant {spec_of(arrays[0])!r} that the function makes depends on the length of the "
            "batch in a way that a program cannot hold; make it with an operator, as ones() or arange()"
        )
    return [made]


def _fit(
    numbers: Sequence[float], place: _Place, check: Callable[[program_pb2.Varying], bool]
) -> program_pb2.Varying | None:
    """The entry that gives these numbers at LENGTHS, if there is one."""
    if not all(type(v) in (int, float) and np.isfinite(v) for v in numbers):
        return None
    for made in _candidates(numbers, place):
        try:
            if check(made):
                return made
        except StructureError:
            continue
    return None


def _candidates(numbers: Sequence[float], place: _Place) -> Iterator[program_pb2.Varying]:
    yield place.message(_whole_line(numbers))
    # The pairs of a batch: three lengths fix any such curve, but none of whole numbers, and of so small ones.
    square = round((_rise(numbers[1:], 1) - _rise(numbers[:2], 0)) / (LENGTHS[2] - LENGTHS[0]))
    if 0 < abs(square) <= _LARGEST_SQUARE:
        rest = [v - square * n * n for v, n in zip(numbers, LENGTHS, strict=True)]
        yield place.message(_whole_line(rest), square=square)
    if not any(isinstance(v, float) for v in numbers):
        return  # integers are multiples of the length with something added, or nothing
    if all(numbers):
        yield place.message((1.0, 0.0), _whole_line([1 / v for v in numbers]))
    if all(v != 1 for v in numbers):
        for more in (-1, 1, -2, 2):
            # v = m / (m + more), and v = (m + more) / m
            base, slope = _whole_line([more * v / (1 - v) for v in numbers])
            yield place.message((base, slope), (base + more, slope))
            base, slope = _whole_line([more / (v - 1) for v in numbers])
            yield place.message((base + more, slope), (base, slope))
    slope = (numbers[-1] - numbers[0]) / (LENGTHS[-1] - LENGTHS[0])
    yield place.message((numbers[0] - slope * LENGTHS[0], slope))


def _rise(pair: Sequence[float], first: int) -> float:
    """How steep numbers rise between two lengths that follow each other."""
    return (pair[1] - pair[0]) / (LENGTHS[first + 1] - LENGTHS[first])


def _whole_line(numbers: Sequence[float]) -> Line:
    """The line of integers that comes nearest."""
    slope = round((numbers[-1] - numbers[0]) / (LENGTHS[-1] - LENGTHS[0]))
    return float(round(numbers[0] - slope * LENGTHS[0])), float(slope)
