"""Operators that work element by element; shapes stretch as in torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, bool_
from telegrad_proto.errors import ArgumentError, DTypeError
from telegrad_proto.rules.checks import require_equal_dtypes, require_kind
from telegrad_proto.spec import Spec

Attrs = Mapping[str, Any]


def _result(dtype: DType, result: str) -> DType:
    match result:
        case "same":
            return dtype
        case "real":
            return dtype.to_real()
        case "bool":
            return bool_
        case _:
            assert result == "complex", result
            return dtype.to_complex()


def unary(specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str, result: str = "same") -> tuple[Spec, ...]:
    """The spec of one input's elements, each replaced.

    Args:
        specs: x.
        attrs: none.
        kinds: which kinds of dtype the operator takes.
        result: "same" dtype, the "real" one of a complex one, or "bool".

    Raises:
        DTypeError: x is of another kind.
    """
    (x,) = specs
    require_kind(x.dtype, kinds)
    return (x.with_dtype(_result(x.dtype, result)),)


def binary(specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str, result: str = "same") -> tuple[Spec, ...]:
    """The spec of two inputs' elements, combined pair by pair.

    Args:
        specs: a, b.
        attrs: none.
        kinds: which kinds of dtype the operator takes.
        result: "same" dtype, "bool", or the "complex" one with parts of this dtype.

    Raises:
        DTypeError: other kinds, or two dtypes.
        ShapeError: the shapes do not broadcast.
    """
    a, b = specs
    dtype = require_equal_dtypes(a, b)
    require_kind(dtype, kinds)
    return (Spec(shapes.broadcast(a.shape, b.shape), _result(dtype, result)),)


def nary(specs: tuple[Spec, ...], attrs: Attrs, *, kinds: str) -> tuple[Spec, ...]:
    """The spec of several inputs' elements, combined.

    Args:
        specs: of the inputs.
        attrs: none that matters to the result.
        kinds: which kinds of dtype the operator takes.

    Raises:
        DTypeError: other kinds, or several dtypes.
        ShapeError: the shapes do not broadcast.
    """
    dtype = require_equal_dtypes(*specs)
    require_kind(dtype, kinds)
    return (Spec(shapes.broadcast_all([spec.shape for spec in specs]), dtype),)


def required(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x, of which a condition is required.

    Raises:
        DTypeError: the condition is not bool.
    """
    x, condition = specs
    require_kind(condition.dtype, "b")
    return (x,)


def where(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of a where the condition holds, else b.

    Raises:
        DTypeError: the condition is not bool, or a and b differ.
        ShapeError: the shapes do not broadcast.
    """
    condition, a, b = specs
    if condition.dtype is not bool_:
        raise DTypeError(
            "where expected condition to be a boolean tensor, "
            f"but got a tensor with dtype {condition.dtype.name}"
        )
    dtype = require_equal_dtypes(a, b)
    # torch compares the three in this order: a against b in its message is the condition against the first.
    return (Spec(shapes.broadcast_all((condition.shape, a.shape, b.shape)), dtype),)


def cast(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of x in another dtype; every dtype can become every other."""
    return (specs[0].with_dtype(attrs["dtype"]),)


def polygamma(specs: tuple[Spec, ...], attrs: Attrs) -> tuple[Spec, ...]:
    """The spec of the n-th derivative of digamma.

    Raises:
        ArgumentError: n is negative.
        DTypeError: x is not real floating point.
    """
    (x,) = specs
    require_kind(x.dtype, "f")
    if attrs["n"] < 0:
        raise ArgumentError("polygamma(n, x) does not support negative n.")
    return (x,)
