"""Discrete Fourier transforms."""

from __future__ import annotations

from typing import Any

from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes


def _fft(xp: Any, x: Any, *, axes: tuple[int, ...], inverse: bool) -> Any:
    if not axes or not x.size:
        return x
    # NumPy scales the inverse; under "forward" it scales the other direction only.
    made = xp.fft.ifftn(x, axes=axes, norm="forward") if inverse else xp.fft.fftn(x, axes=axes)
    return made.astype(x.dtype, copy=False)


_C64 = dtypes.complex64

op(
    "fft",
    "x",
    rule=Rule("fft"),
    attributes=(("axes", "ints"), ("inverse", "bool")),
    forward=_fft,
    vjps=(lambda ct, y, x, axes, inverse: g.fft(ct, axes=axes, inverse=not inverse),),
    examples=(
        example(((2, 5), _C64), axes=(1,), inverse=False),
        example(((4, 3), _C64), axes=(0, 1), inverse=True),
        example(((), _C64), axes=(), inverse=False),
        example(((0, 3), _C64), axes=(1,), inverse=True),
    ),
    flops=lambda inputs, outputs, attrs: 5 * inputs[0].size * max(inputs[0].size.bit_length(), 1),
    doc="The discrete Fourier transform over axes, complex to complex, not normalized either way.",
)
