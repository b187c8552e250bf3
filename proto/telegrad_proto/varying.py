"""Numbers of a program that go with the length of its batch axis."""

from __future__ import annotations

import struct
from typing import cast

from telegrad_proto.dtypes import DType
from telegrad_proto.errors import StructureError
from telegrad_proto.opset import AttrValue
from telegrad_proto.v1 import program_pb2


def number_at(entry: program_pb2.Varying, length: int) -> float:
    """The number for a batch of this length.

    Raises:
        StructureError: there is none.
    """
    found = entry.base + (entry.slope + entry.square * length) * length
    if entry.divisor_base or entry.divisor_slope:
        divisor = entry.divisor_base + entry.divisor_slope * length
        found = found / divisor if divisor else float("nan")
    if found != found or abs(found) == float("inf"):
        raise StructureError(f"program: a number of it is not defined for a batch of length {length}")
    return found


def packed(number: float, dtype: DType) -> bytes:
    """One element of this type, as the wire has it.

    Raises:
        StructureError: the type does not hold the number.
    """
    try:
        if dtype.kind in "iu":
            return round(number).to_bytes(dtype.itemsize, "little", signed=dtype.kind == "i")
        if dtype.kind in "fc":
            width = dtype.itemsize // (2 if dtype.kind == "c" else 1)
            return _real(number, width) + (bytes(width) if dtype.kind == "c" else b"")
    except OverflowError as error:
        raise StructureError(f"program: {dtype.name} does not hold {number!r}") from error
    raise StructureError(f"program: a constant that goes with the batch is a number, not {dtype.name}")


def _real(number: float, width: int) -> bytes:
    code = {2: "<e", 4: "<f", 8: "<d"}[width]
    try:
        return struct.pack(code, number)
    except OverflowError:  # beyond the type's range: infinity, as any conversion gives
        return struct.pack(code, float("inf") if number > 0 else float("-inf"))


def replaced(value: AttrValue, entry: program_pb2.Varying, length: int) -> AttrValue:
    """An attribute's value with one number in it as it is for this length."""
    if isinstance(value, tuple):
        if entry.item >= len(value):
            raise StructureError(f"program: no item {entry.item} in {value!r:.80}")
        items: list[AttrValue] = list(value)
        items[entry.item] = replaced(items[entry.item], entry, length)
        return cast(AttrValue, tuple(items))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StructureError(f"program: {value!r:.80} is no number that could go with a batch's length")
    number = number_at(entry, length)
    return number if isinstance(value, float) else round(number)
