"""Views: tensors that share another's storage, so that a write through one is seen in the other.

The functions have the names and attributes of the primitives that they stand in for. `stride`,
`storage_offset` and contiguity are those that torch's tensor of the same recipe would have; the server lays
arrays out as it likes.
"""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.sharing.aliasing import view
from telegrad.sharing.strides import layout_of, regrouped
from telegrad.tensor import Tensor
from telegrad_proto.errors import ShapeError

Ints = tuple[int, ...]


def reshape(x: Tensor, *, shape: Ints) -> Tensor:
    """The elements in another shape: a view where torch can make one, else a copy."""
    if x._alias is not None and x._alias.steps and regrouped(*layout_of(x)[:2], shape) is None:
        return p.reshape(x, shape=shape)
    return view(x, "reshape", shape)


def as_shape(x: Tensor, *, shape: Ints) -> Tensor:
    """The elements in another shape, always a view.

    Raises:
        ShapeError: their order in memory does not allow one, in torch's words.
    """
    if x._alias is not None and x._alias.steps and regrouped(*layout_of(x)[:2], shape) is None:
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return view(x, "reshape", shape)


def transpose(x: Tensor, *, perm: Ints) -> Tensor:
    """The dimensions in another order."""
    return view(x, "transpose", perm)


def slice_(x: Tensor, *, starts: Ints, limits: Ints, strides: Ints) -> Tensor:
    """Every so many elements of each dimension, from a start to before a limit."""
    return view(x, "slice", (starts, limits, strides))


def broadcast_to(x: Tensor, *, shape: Ints) -> Tensor:
    """The elements repeated along dimensions of length 1 and new ones."""
    return view(x, "broadcast_to", shape)


def real(x: Tensor) -> Tensor:
    """The real parts of complex elements."""
    return view(x, "real", None)


def imag(x: Tensor) -> Tensor:
    """The imaginary parts of complex elements."""
    return view(x, "imag", None)


def as_real(x: Tensor) -> Tensor:
    """Complex elements as pairs of real ones, in a new last dimension."""
    return view(x, "as_real", None)


def as_complex(x: Tensor) -> Tensor:
    """Pairs in the last dimension as complex elements."""
    return view(x, "as_complex", None)


def pick(x: Tensor, positions: Tensor, *, shape: Ints) -> Tensor:
    """The elements at positions of the flattened tensor, which must differ from each other.

    Shape: positions is (n,) with n the product of `shape`; int64.
    """
    return view(x, "pick", (positions, shape))
