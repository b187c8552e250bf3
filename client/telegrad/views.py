"""Views: tensors that share another's storage, so that a write through one is seen in the other.

The functions have the names and attributes of the primitives that they stand in for. `stride`,
`storage_offset` and contiguity are those that torch's tensor of the same recipe would have; the server lays
arrays out as it likes.
"""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.storage import view
from telegrad.tensor import Tensor
from telegrad_proto.errors import ShapeError

Ints = tuple[int, ...]


def reshape(x: Tensor, *, shape: Ints) -> Tensor:
    """The elements in another shape: a view where torch can make one, else a copy."""
    if x._alias is not None and x._alias.steps and _regrouped(*layout_of(x)[:2], shape) is None:
        return p.reshape(x, shape=shape)
    return view(x, "reshape", shape)


def as_shape(x: Tensor, *, shape: Ints) -> Tensor:
    """The elements in another shape, always a view.

    Raises:
        ShapeError: their order in memory does not allow one, in torch's words.
    """
    if x._alias is not None and x._alias.steps and _regrouped(*layout_of(x)[:2], shape) is None:
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


def contiguous_strides(shape: Ints) -> Ints:
    """The strides, in elements, of an array without gaps, last dimension innermost."""
    strides = []
    step = 1
    for dim in reversed(shape):
        strides.append(step)
        step *= max(dim, 1)
    return tuple(reversed(strides))


def layout_of(x: Tensor) -> tuple[Ints, Ints, int]:
    """Shape, strides and offset that torch's tensor of this recipe has."""
    shape = x._value.spec.shape
    alias = x._alias
    if alias is None or not alias.steps:
        return shape, contiguous_strides(shape), 0
    if alias.base is not None:
        at, strides, offset = layout_of(alias.base)
    else:
        at = alias.storage.value.spec.shape
        strides, offset = contiguous_strides(at), 0
    for kind, attrs in alias.steps:
        if kind == "reshape":
            strides, at = _regrouped(at, strides, attrs) or contiguous_strides(attrs), attrs
        elif kind == "transpose":
            at, strides = tuple(at[i] for i in attrs), tuple(strides[i] for i in attrs)
        elif kind == "slice":
            starts, limits, steps = attrs
            offset += sum(start * stride for start, stride in zip(starts, strides, strict=True))
            strides = tuple(stride * step for stride, step in zip(strides, steps, strict=True))
            at = tuple(max(0, -(-(b - a) // s)) for a, b, s in zip(starts, limits, steps, strict=True))
        elif kind == "broadcast_to":
            lead = len(attrs) - len(at)
            strides = (0,) * lead + tuple(
                0 if m != n else s for m, n, s in zip(at, attrs[lead:], strides, strict=True)
            )
            at = attrs
        elif kind in ("real", "imag"):
            strides, offset = tuple(2 * s for s in strides), 2 * offset + (kind == "imag")
        elif kind == "as_real":
            at, strides, offset = (*at, 2), (*(2 * s for s in strides), 1), 2 * offset
        elif kind == "as_complex":
            at, strides, offset = at[:-1], tuple(s // 2 for s in strides[:-1]), offset // 2
        else:
            at = shape
            strides = contiguous_strides(shape)
    return shape, strides, offset


def _regrouped(shape: Ints, strides: Ints, target: Ints) -> Ints | None:
    """The strides of the same memory in another shape; None where there are none.

    Source: at::detail::computeStride of PyTorch 2.13.
    """
    if 0 in shape:
        return strides if shape == target else contiguous_strides(target)
    result = [0] * len(target)
    left = len(target) - 1
    chunk_stride = strides[-1] if strides else 1
    elements = grouped = 1
    for axis in range(len(shape) - 1, -1, -1):
        elements *= shape[axis]
        if axis == 0 or (shape[axis - 1] != 1 and strides[axis - 1] != elements * chunk_stride):
            while left >= 0 and (grouped < elements or target[left] == 1):
                result[left] = grouped * chunk_stride
                grouped *= target[left]
                left -= 1
            if grouped != elements:
                return None
            if axis > 0:
                chunk_stride = strides[axis - 1]
                elements = grouped = 1
    while left >= 0:
        result[left] = chunk_stride if not shape else grouped * chunk_stride
        left -= 1
    return tuple(result)


def is_contiguous(x: Tensor) -> bool:
    """Whether the elements lie in memory, as torch's would, in order and without gaps."""
    shape, strides, _ = layout_of(x)
    if 0 in shape:
        return True
    expected = 1
    for dim, stride in zip(reversed(shape), reversed(strides), strict=True):
        if dim != 1 and stride != expected:
            return False
        expected *= dim
    return True
