"""Elements as a mantissa times a power of two, and back."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.arithmetic import mul
from telegrad.functions.operands import as_tensor, detached, like
from telegrad.functions.results import Frexp, returned_by
from telegrad.making.promotion import cast, to_float
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import float32, int32
from telegrad_proto.errors import DTypeError


def _scaled(x: Tensor, power: Tensor) -> Tensor:
    """x * 2 ** power, for whole powers of x's type: in two steps, as 2 ** power alone may be out of range."""
    half = p.floor(p.mul(power, like(power, 0.5)))
    return p.mul(p.mul(x, p.exp2(half)), p.exp2(p.sub(power, half)))


@function(label="LdexpBackward0", inplace=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2 ** other; of a whole exponent the result has the input's type."""
    power = as_tensor(other)
    if input.dtype.kind != "f" or power.dtype.kind not in "iu":
        return mul(input, p.exp2(to_float(power)))
    wide = float32 if input.dtype.itemsize < float32.itemsize else input.dtype
    return cast(_scaled(cast(input, wide), cast(power, wide)), input.dtype)


_Frexp = returned_by("frexp", Frexp)


@function()
def frexp(input: Tensor) -> Frexp:
    """Each element as a mantissa, at least 0.5 and below 1, times a power of two."""
    if input.dtype.kind != "f":
        raise DTypeError(f"torch.frexp() only supports floating-point dtypes, got {scalar_name(input.dtype)}")
    x = input
    usual = p.logical_and(p.isfinite(x), p.ne(x, like(x, 0)))
    size = p.abs(p.where(usual, detached(x), like(x, 1)))
    power = p.add(p.floor(p.log2(size)), like(x, 1))
    # log2 may round up at a power of two and down below one.
    share = _scaled(size, p.neg(power))
    power = p.where(p.ge(share, like(x, 1)), p.add(power, like(x, 1)), power)
    power = p.where(p.lt(share, like(x, 0.5)), p.sub(power, like(x, 1)), power)
    power = p.where(usual, power, like(x, 0))
    return _Frexp(_scaled(x, p.neg(power)), p.cast(power, dtype=int32))
