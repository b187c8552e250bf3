"""What can be said of a tensor without looking at its elements."""

from __future__ import annotations

from telegrad.members.looks import truth
from telegrad.recording.registry import function
from telegrad.sharing.aliasing import detach as detached
from telegrad.tensor import Tensor


@function(method=False, label=None)
def detach(input: Tensor) -> Tensor:
    """The same elements, which need no gradient."""
    return detached(input)


@function(label=None)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape."""
    return tuple(input.shape) == tuple(other.shape)


@function(method=False, label=None)
def is_signed(input: Tensor) -> bool:
    """Whether the type has negative numbers."""
    return input.is_signed()


@function(label=None)
def is_conj(input: Tensor) -> bool:
    """False: a conjugate is computed, not marked."""
    return False


@function(label=None)
def is_neg(input: Tensor) -> bool:
    """False: a negative is computed, not marked."""
    return False


@function(label=None)
def is_inference(input: Tensor) -> bool:
    """False: what is made in inference mode is an ordinary tensor."""
    return False


@function(method="is_nonzero", name="is_nonzero", namespace="", label=None)
def _is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero."""
    return truth(input)
