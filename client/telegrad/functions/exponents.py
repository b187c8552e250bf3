"""Elements as a mantissa times a power of two, and back; powers in double precision."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.errors import NotNumberError
from telegrad.functions.arithmetic import mul
from telegrad.functions.operands import Operand, as_tensor, detached, like, tensor_of
from telegrad.functions.results import Frexp, returned_by
from telegrad.making.promotion import cast, to_float
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType, complex128, float32, float64, int32
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


@function(label=None, method=True)
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """Each element to a power, in double precision."""
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        raise NotNumberError(input)
    operands = [as_tensor(input), as_tensor(exponent)]
    dtype = _double(*operands)
    result = p.pow(*(tensor_of(x, dtype) for x in operands))
    # By a number, torch names another node.
    return labelled(result, "PowBackward1" if isinstance(exponent, Tensor) else "PowBackward0")


@function(name="float_power_", namespace=(), method=True)
def _float_power_(input: Tensor, exponent: Operand) -> Tensor:
    """The tensor, whose elements are now each to a power.

    Raises:
        DTypeError: it does not hold the double precision in which they are computed.
    """
    wanted = _double(input, as_tensor(exponent))
    if input.dtype is not wanted:
        raise DTypeError(
            f"the base given to float_power_ has dtype {scalar_name(input.dtype)} but the operation's result "
            f"requires dtype {scalar_name(wanted)}"
        )
    changed: Tensor = input.pow_(exponent)
    return changed


def _double(*operands: Tensor) -> DType:
    return complex128 if any(x.dtype.kind == "c" for x in operands) else float64
