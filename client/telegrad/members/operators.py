"""Python's operators on tensors. Floating point takes the short way; all else goes through torch's
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from telegrad.making.creation import from_array
from telegrad.making.promotion import constant, is_number, number, with_number
from telegrad.recording.recorder import current, record
from telegrad.recording.registry import FUNCTIONS
from telegrad.sharing.writing import check_writable, write
from telegrad.tensor import Tensor
from telegrad.wire.convert import own_copy
from telegrad_proto.opset import OPSET

#: Types that a short way takes as the second operand beside tensors; bool and NumPy's numbers go the long
#: way.
_PLAIN: Final = frozenset({int, float})


def _function(name: str) -> Callable[..., Any]:
    return FUNCTIONS[""][name]


def _called(function: str, self: Tensor, other: Any) -> Any:
    """The result of a torch function on the two operands of an operator."""
    if not isinstance(other, Tensor) and not is_number(other):
        if not isinstance(other, np.ndarray):
            return NotImplemented
        other = from_array(own_copy(other))
    return _function(function)(self, other)


def _binary(primitive: str, function: str) -> Callable[[Tensor, Any], Any]:
    op = OPSET[primitive]

    def operator(self: Tensor, other: Any) -> Any:
        dtype = self._value.spec.dtype
        if dtype.kind == "f":
            if isinstance(other, Tensor):
                if other._value.spec.dtype is dtype:
                    return record(op, (self, other))
            elif type(other) in _PLAIN:
                return record(op, (self, constant(other, dtype)))
        return _called(function, self, other)

    return operator


def _reflected(primitive: str, function: str, label: str) -> Callable[[Tensor, Any], Any]:
    op = OPSET[primitive]

    def operator(self: Tensor, other: Any) -> Any:
        dtype = self._value.spec.dtype
        if dtype.kind == "f" and type(other) in _PLAIN:
            result = record(op, (constant(other, dtype), self))
            if result._edge is not None:
                result._edge[0].call(label)  # type: ignore[union-attr]
            return result
        if isinstance(other, Tensor):
            return _function("sub")(other, self)
        if not is_number(other):
            return NotImplemented
        return _function(function)(self, other)

    return operator


def _by_function(function: str) -> Callable[[Tensor, Any], Any]:
    def operator(self: Tensor, other: Any) -> Any:
        return _called(function, self, other)

    return operator


def _reflected_function(function: str) -> Callable[[Tensor, Any], Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented
        return _function(function)(other, self)

    return operator


def _reflected_shift(function: str) -> Callable[[Tensor, Any], Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if is_number(other):
            value = number(other)
            other = constant(value, with_number(self.dtype, value))
        return _function(function)(other, self) if isinstance(other, Tensor) else NotImplemented

    return operator


def _unary(function: str) -> Callable[[Tensor], Any]:
    def operator(self: Tensor) -> Any:
        return _function(function)(self)

    return operator


def _in_place(operator: Callable[[Tensor, Any], Any]) -> Callable[[Tensor, Any], Any]:
    def assign(self: Tensor, other: Any) -> Any:
        check_writable(self)
        first = current().next_id
        result = operator(self, other)
        return result if result is NotImplemented else write(self, result, since=first)

    return assign


def _comparison(primitive: str, function: str) -> Callable[[Tensor, Any], Any]:
    return _binary(primitive, function)


def _matmul(self: Tensor, other: Any) -> Any:
    return _function("matmul")(self, other) if isinstance(other, Tensor) else NotImplemented


def _rdiv(self: Tensor, other: Any) -> Any:
    # As torch does, which shows in grad_fn: a reciprocal, then a product.
    return (
        _function("reciprocal")(self) * other
        if isinstance(other, Tensor) or is_number(other)
        else NotImplemented
    )


def _rmatmul(self: Tensor, other: Any) -> Any:
    return _function("matmul")(other, self) if isinstance(other, Tensor) else NotImplemented


def _negative(self: Tensor) -> Any:
    return record(_NEG, (self,)) if self._value.spec.dtype.kind == "f" else _function("neg")(self)


_NEG: Final = OPSET["neg"]

_ARITHMETIC: Final = {
    "add": _binary("add", "add"),
    "sub": _binary("sub", "sub"),
    "mul": _binary("mul", "mul"),
    "truediv": _binary("div", "div"),
    "pow": _by_function("pow"),
    "floordiv": _by_function("floor_divide"),
    "mod": _by_function("remainder"),
    "matmul": _matmul,
    "and": _by_function("bitwise_and"),
    "or": _by_function("bitwise_or"),
    "xor": _by_function("bitwise_xor"),
    "lshift": _by_function("bitwise_left_shift"),
    "rshift": _by_function("bitwise_right_shift"),
}

_REFLECTED: Final = {
    "add": _ARITHMETIC["add"],
    "mul": _ARITHMETIC["mul"],
    "sub": _reflected("sub", "rsub", "RsubBackward1"),
    "truediv": _rdiv,
    "div": _rdiv,  # Python 2's name, which torch kept
    "matmul": _rmatmul,
    "pow": _reflected_function("pow"),
    "floordiv": _reflected_function("floor_divide"),
    "mod": _reflected_function("remainder"),
    "and": _ARITHMETIC["and"],
    "or": _ARITHMETIC["or"],
    "xor": _ARITHMETIC["xor"],
    "lshift": _reflected_shift("bitwise_left_shift"),
    "rshift": _reflected_shift("bitwise_right_shift"),
}

_COMPARISONS: Final = {name: _comparison(name, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


_UNARY: Final = {
    "neg": _negative,
    "pos": _unary("positive"),
    "abs": _unary("abs"),
    "invert": _unary("bitwise_not"),
}


def install() -> None:
    """Gives Tensor its operators."""
    for name, operator in _ARITHMETIC.items():
        setattr(Tensor, f"__{name}__", operator)
        setattr(Tensor, f"__i{name}__", _in_place(operator))
    for name, operator in _REFLECTED.items():
        setattr(Tensor, f"__r{name}__", operator)
    for name, operator in _COMPARISONS.items():
        setattr(Tensor, f"__{name}__", operator)
    for name, alone in _UNARY.items():
        setattr(Tensor, f"__{name}__", alone)


install()
