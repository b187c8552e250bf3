"""The bounds hold together."""

from __future__ import annotations

from telegrad_proto import dtypes, limits


def test_sizes_in_bytes_fit_signed_64_bits() -> None:
    widest = max(d.itemsize for d in dtypes.ALL)
    assert limits.MAX_ELEMENTS * widest < 2**63
    assert limits.MAX_VALUE_ID + limits.MAX_INPUTS < 2**64


def test_what_travels_inline_fits_a_message() -> None:
    assert limits.INLINE_BYTES <= limits.MAX_INLINE_TOTAL_BYTES < limits.MAX_MESSAGE_BYTES
    assert limits.CHUNK_BYTES < limits.MAX_MESSAGE_BYTES


def test_every_bound_is_a_positive_integer_with_a_reason() -> None:
    bounds = {n: v for n, v in vars(limits).items() if n.isupper()}
    assert all(type(v) is int and v > 0 for v in bounds.values())
    assert limits.__file__ is not None
    with open(limits.__file__, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("MAX_FRAGMENT_ENTRIES"):
            assert lines[number - 1].startswith("#:")
