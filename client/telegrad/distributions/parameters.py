"""Parameters as tensors of one shape, and looking at values as early as that costs no message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd.mode import enable_grad
from telegrad.distributions.constraints import Constraint, known
from telegrad.functions.operands import broadcast_together
from telegrad.making.creation import tensor
from telegrad.making.promotion import cast, get_default_dtype, is_number, result_type
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError


def as_tensors(values: Iterable[Any]) -> list[Tensor]:
    """Parameters as tensors; numbers take the type of the first tensor, or the default type.

    Raises:
        ArgumentError: one is neither tensor nor number.
    """
    given = list(values)
    for value in given:
        if not isinstance(value, Tensor) and not is_number(value):
            raise ArgumentError(
                "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
                "__torch_function__."
            )
    dtypes = [value.dtype for value in given if isinstance(value, Tensor)]
    dtype = dtypes[0] if dtypes else get_default_dtype()
    return [value if isinstance(value, Tensor) else tensor(value, dtype=dtype) for value in given]


def broadcast_all(*values: Any) -> list[Tensor]:
    """Parameters as tensors of one shape."""
    return broadcast_together(*as_tensors(values))


def verified(value: Tensor, constraint: Constraint, words: Callable[[], str]) -> Tensor:
    """The value, which lies in the region; where only the server will know it, it is looked at when computed.

    Args:
        value: a parameter, or a value of a distribution.
        constraint: the region.
        words: what an error says.

    Raises:
        ArgumentError: the value, known here, lies outside.
    """
    bounds = [known(bound) for bound in constraint.bounds]
    array = known(value)
    if array is not None and all(bound is not None for bound in bounds):
        if not constraint.holds(array, *bounds).all():
            raise ArgumentError(f"{words()}, but found invalid values:\n{value}")
        return value
    inside = constraint.cheaply(value)
    return p.require(value, inside, message=f"{words()}, but found invalid values")


class lazy_property(cached_property[Tensor]):
    """A parameter computed from another when first asked for; gradients flow, also from under no_grad."""

    def __init__(self, compute: Callable[[Any], Tensor]) -> None:
        def tracked(self: Any) -> Tensor:
            with enable_grad():
                return compute(self)

        super().__init__(tracked)


def clamped(probs: Tensor) -> Tensor:
    """Probabilities, none of them 0 or 1."""
    eps = eps_of(probs.dtype)
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities of logits: of one outcome each, or along the last dimension."""
    return logits.sigmoid() if is_binary else (logits - logits.logsumexp(-1, keepdim=True)).exp()


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits of probabilities, which are kept away from 0 and 1."""
    inside = clamped(probs)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


def eps_of(dtype: DType) -> float:
    """The spacing of numbers at 1."""
    return {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}[dtype.itemsize]


def tiny_of(dtype: DType) -> float:
    """The smallest number that has all digits."""
    return {2: 2.0**-14, 4: 2.0**-126, 8: 2.0**-1022}[dtype.itemsize]


def as_type_of(x: Any, other: Tensor) -> Tensor:
    """A number or tensor in the type that it has together with the other."""
    if not isinstance(x, Tensor):
        return tensor(x, dtype=other.dtype)
    return cast(x, result_type(x, other))


def total_last(x: Tensor, count: int) -> Tensor:
    """The sum over the last `count` dimensions.

    Shape: (..., last) gives (...)
    """
    return x if count == 0 else x.sum(tuple(range(-count, 0)))
