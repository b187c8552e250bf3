"""The rule of Fourier transforms."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import ArgumentError, AxisError, DTypeError
from tests.proto.rules.asking import C64, one, s


def test_fft() -> None:
    assert one("fft", s(2, 3, dtype=C64), axes=(0, 1), inverse=False) is s(2, 3, dtype=C64)
    assert one("fft", s(0, 3, dtype=C64), axes=(1,), inverse=False) is s(0, 3, dtype=C64)
    with pytest.raises(DTypeError):
        one("fft", s(3), axes=(0,), inverse=False)
    with pytest.raises(AxisError):
        one("fft", s(3, dtype=C64), axes=(1,), inverse=False)
    with pytest.raises(ArgumentError, match=r"Invalid number of data points \(0\)"):
        one("fft", s(0, 3, dtype=C64), axes=(0,), inverse=False)
