"""Questions about numbers, and logic on bits. No gradient flows through any of these."""

from __future__ import annotations

from telegrad_engine.kernels.arithmetic import shift_left, shift_right
from telegrad_engine.ops.record import Forward, Rule, example, op
from telegrad_proto import dtypes

_ANY, _ORDERED, _BITS = "biufc", "biuf", "biu"


def _test(name: str, forward: Forward, /, *, fuse: str, doc: str) -> None:
    op(name, "x", rule=Rule("unary", kinds=_ANY, result="bool"), forward=forward, fuse=fuse, doc=doc)


def _compare(name: str, forward: Forward, /, *, kinds: str, fuse: str, doc: str) -> None:
    op(name, "a b", rule=Rule("binary", kinds=kinds, result="bool"), forward=forward, fuse=fuse, doc=doc)


def _bits(name: str, forward: Forward, /, *, kinds: str = _BITS, fuse: str = "", doc: str) -> None:
    ints = (example(((2, 3), dtypes.int32), ((2, 3), dtypes.int32)),)
    op(name, "a b", rule=Rule("binary", kinds=kinds), forward=forward, fuse=fuse, doc=doc, examples=ints)


_test("isnan", lambda xp, x: xp.isnan(x), fuse="isnan({x})", doc="Whether x is NaN.")
_test("isinf", lambda xp, x: xp.isinf(x), fuse="isinf({x})", doc="Whether x is infinite.")
_test(
    "isfinite",
    lambda xp, x: xp.isfinite(x),
    fuse="isfinite({x})",
    doc="Whether x is neither infinite nor NaN.",
)
_test("logical_not", lambda xp, x: xp.logical_not(x), fuse="!{x}", doc="Whether x is zero.")

_compare("eq", lambda xp, a, b: xp.equal(a, b), kinds=_ANY, fuse="{a} == {b}", doc="a == b.")
_compare("ne", lambda xp, a, b: xp.not_equal(a, b), kinds=_ANY, fuse="{a} != {b}", doc="a != b.")
_compare("lt", lambda xp, a, b: xp.less(a, b), kinds=_ORDERED, fuse="{a} < {b}", doc="a < b.")
_compare("le", lambda xp, a, b: xp.less_equal(a, b), kinds=_ORDERED, fuse="{a} <= {b}", doc="a <= b.")
_compare("gt", lambda xp, a, b: xp.greater(a, b), kinds=_ORDERED, fuse="{a} > {b}", doc="a > b.")
_compare("ge", lambda xp, a, b: xp.greater_equal(a, b), kinds=_ORDERED, fuse="{a} >= {b}", doc="a >= b.")
_compare(
    "logical_and",
    lambda xp, a, b: xp.logical_and(a, b),
    kinds=_ANY,
    fuse="{a} && {b}",
    doc="Whether neither is zero.",
)
_compare(
    "logical_or",
    lambda xp, a, b: xp.logical_or(a, b),
    kinds=_ANY,
    fuse="{a} || {b}",
    doc="Whether one is not zero.",
)
_compare(
    "logical_xor",
    lambda xp, a, b: xp.logical_xor(a, b),
    kinds=_ANY,
    fuse="!{a} != !{b}",
    doc="Whether one is zero.",
)

op(
    "bitwise_not",
    "x",
    rule=Rule("unary", kinds=_BITS),
    forward=lambda xp, x: xp.invert(x),
    examples=(example(((2, 3), dtypes.int32)),),
    doc="Every bit turned; of bools, not.",
)
_bits("bitwise_and", lambda xp, a, b: xp.bitwise_and(a, b), fuse="{a} & {b}", doc="Bits set in both.")
_bits("bitwise_or", lambda xp, a, b: xp.bitwise_or(a, b), fuse="{a} | {b}", doc="Bits set in either.")
_bits("bitwise_xor", lambda xp, a, b: xp.bitwise_xor(a, b), fuse="{a} ^ {b}", doc="Bits set in one.")
_bits(
    "shift_left",
    shift_left,
    kinds="iu",
    doc="a moved up by b bits; 0 where b is negative or past the width.",
)
_bits(
    "shift_right",
    shift_right,
    kinds="iu",
    doc="a moved down by b bits, the sign filling up; only the sign is left where b is out of range.",
)
