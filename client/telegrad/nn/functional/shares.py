"""Softmax and its logarithm: elements of a dimension as shares of a whole."""

from __future__ import annotations

import warnings

from telegrad import _primitives as p
from telegrad.functions.operands import axes_of, cast_to, count_of, detached
from telegrad.functions.pointwise import neg
from telegrad.nn.functional.activation import HERE
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType


def _centred(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x less its largest element, which changes no share and keeps exp from overflowing."""
    return p.sub(x, p.amax(detached(x), axes=axes, keepdims=True)) if count_of(x.shape, axes) else x


def shares(x: Tensor, dim: int) -> Tensor:
    """exp(x) over its sum along the dimension."""
    axes = axes_of(dim, x.ndim)
    grown = p.exp(_centred(x, axes))
    return p.div(grown, p.sum(grown, axes=axes, keepdims=True))


def log_shares(x: Tensor, dim: int) -> Tensor:
    """The logarithm of exp(x) over its sum along the dimension."""
    axes = axes_of(dim, x.ndim)
    centred = _centred(x, axes)
    return p.sub(centred, p.log(p.sum(p.exp(centred), axes=axes, keepdims=True)))


def _implied(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
        f"argument.",
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


@function(namespace=("", "special"), method=True)
def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """exp(x) over its sum along a dimension."""
    return shares(cast_to(input, dtype), dim)


@function(namespace=("", "special"), method=True)
def log_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """The logarithm of the softmax."""
    return log_shares(cast_to(input, dtype), dim)


@function(namespace=HERE, name="softmax", label="SoftmaxBackward0")
def _softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """exp(x) over its sum along a dimension."""
    dim = _implied("softmax", input.ndim, _stacklevel) if dim is None else dim
    return shares(cast_to(input, dtype), dim)


@function(namespace=HERE, name="log_softmax", label="LogSoftmaxBackward0")
def _log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """The logarithm of the softmax."""
    dim = _implied("log_softmax", input.ndim, _stacklevel) if dim is None else dim
    return log_shares(cast_to(input, dtype), dim)


@function(namespace=HERE, label="SoftmaxBackward0")
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """The softmax of the negated elements."""
    dim = _implied("softmin", input.ndim, _stacklevel) if dim is None else dim
    return shares(cast_to(neg(input), dtype), dim)
