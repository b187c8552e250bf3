"""What a value costs to compute again, and which of many to keep."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Final

from telegrad_engine.ops.record import RECORDS
from telegrad_engine.plan.term import Term, spec_of
from telegrad_proto.opset import AttrValue, Op
from telegrad_proto.spec import Spec

#: Calling a kernel takes about as long as so many operations on elements.
_CALL: Final = 1_000.0


def cost(op: Op, inputs: Sequence[Spec], outputs: Sequence[Spec], attrs: Sequence[AttrValue]) -> float:
    """About how many operations on elements one application takes, reading and writing counted."""
    record = RECORDS.get(op.name)
    elements = sum([spec.size for spec in outputs])
    if record is None:
        flops = float(elements)
    elif callable(record.flops):
        flops = float(record.flops(tuple(inputs), tuple(outputs), op.named(attrs)))
    else:
        flops = float(record.flops) * elements
    return _CALL + flops + elements + sum([spec.size for spec in inputs])


def term_cost(term: Term) -> float:
    """The cost of a term; none for an array that is given."""
    if term.op is None:
        return 0.0
    return cost(term.op, [spec_of(ref) for ref in term.inputs], term.specs, term.attrs)


def by_worth(worth: Sequence[float]) -> list[int]:
    """Places in the order in which to keep what stands there: the dearest first.

    Within a factor of two they count as equal, and are taken as a ruler is divided: the first, the one in the
    middle, those at the quarters, and so on.
    """
    bits = max(len(worth) - 1, 1).bit_length()

    def rank(place: int) -> tuple[int, int]:
        return -round(log2(max(worth[place], 1e-9))), int(f"{place:0{bits}b}"[::-1], 2)

    return sorted(range(len(worth)), key=rank)
