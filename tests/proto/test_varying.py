from __future__ import annotations

import struct

import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import StructureError
from telegrad_proto.v1 import program_pb2
from telegrad_proto.varying import number_at, packed, replaced

Varying = program_pb2.Varying


def test_a_number_goes_with_the_length() -> None:
    assert number_at(Varying(base=-1, slope=2), 5) == 9
    assert number_at(Varying(base=1, slope=2, square=3), 5) == 86
    assert number_at(Varying(base=1, divisor_slope=4), 2) == 0.125
    assert number_at(Varying(slope=1, divisor_base=-1, divisor_slope=1), 5) == 1.25


@pytest.mark.parametrize(
    ("entry", "length"),
    [
        (Varying(base=1, divisor_slope=1), 0),
        (Varying(base=float("nan")), 1),
        (Varying(slope=float("inf")), 1),
    ],
)
def test_what_is_no_number_is_refused(entry: program_pb2.Varying, length: int) -> None:
    with pytest.raises(StructureError, match="not defined for a batch of length"):
        number_at(entry, length)


def test_numbers_are_packed_as_the_wire_has_them() -> None:
    assert packed(2.6, dtypes.int16) == struct.pack("<h", 3)
    assert packed(7, dtypes.uint8) == b"\x07"
    assert packed(0.1, dtypes.float32) == struct.pack("<f", 0.1)
    assert packed(1e6, dtypes.float16) == struct.pack("<e", float("inf"))
    assert packed(3, dtypes.complex64) == struct.pack("<ff", 3, 0)


def test_a_type_that_does_not_hold_the_number_is_told() -> None:
    with pytest.raises(StructureError, match="uint8 does not hold"):
        packed(300, dtypes.uint8)
    with pytest.raises(StructureError, match="not bool"):
        packed(1, dtypes.bool_)


def test_one_item_of_an_attribute_is_replaced() -> None:
    assert replaced((3, 4), Varying(item=1, slope=2), 5) == (3, 10)
    assert replaced(3, Varying(slope=1, base=1), 5) == 6
    assert replaced(0.5, Varying(base=1, divisor_slope=1), 4) == 0.25


@pytest.mark.parametrize("value", [True, "x", None, (1,)])
def test_what_is_no_number_is_not_replaced(value: object) -> None:
    with pytest.raises(StructureError):
        replaced(value, Varying(item=1, slope=1), 5)  # type: ignore[arg-type]
