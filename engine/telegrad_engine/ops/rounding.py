"""Rounding to integers in the same element type: flat between jumps, so its gradient is zero."""

from __future__ import annotations

from telegrad_engine.kernels.arithmetic import rounded
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Forward, Rule, op


def _rounding(name: str, forward: Forward, /, *, fuse: str, doc: str) -> None:
    op(
        name,
        "x",
        rule=Rule("unary", kinds="iuf"),
        forward=forward,
        vjps=(lambda ct, y, x: g.zeros_like(ct),),
        fuse=fuse,
        doc=doc,
        smooth=False,
    )


_rounding("floor", lambda xp, x: rounded(xp, x, xp.floor), fuse="floor({x})", doc="The next integer down.")
_rounding("ceil", lambda xp, x: rounded(xp, x, xp.ceil), fuse="ceil({x})", doc="The next integer up.")
_rounding(
    "trunc", lambda xp, x: rounded(xp, x, xp.trunc), fuse="trunc({x})", doc="The next integer towards zero."
)
_rounding(
    "round",
    lambda xp, x: rounded(xp, x, xp.rint),
    fuse="rint({x})",
    doc="The nearest integer, halves to even.",
)
