"""How torch's tensor of the same making would lie in memory: strides, offset, gaps, overlaps.

It follows from the recipe of a view. The server lays arrays out as it likes; results of operators count as
lying in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegrad.sharing.steps import Step
from telegrad.tensor import Tensor

if TYPE_CHECKING:
    from telegrad.sharing.aliasing import Alias, Layout

Ints = tuple[int, ...]


def contiguous_strides(shape: Ints) -> Ints:
    """The strides, in elements, of an array without gaps, last dimension innermost."""
    strides = []
    step = 1
    for dim in reversed(shape):
        strides.append(step)
        step *= max(dim, 1)
    return tuple(reversed(strides))


def layout_of(x: Tensor) -> Layout:
    """Shape, strides and offset that torch's tensor of this recipe has."""
    alias = x._alias
    if alias is None or not alias.steps:
        shape = x._value.spec.shape
        return shape, contiguous_strides(shape), 0
    if alias.layout is None:
        alias.layout = _layout(alias)
    return alias.layout


def _layout(alias: Alias) -> Layout:
    if alias.since is not None:
        return _followed(*alias.since)
    if alias.base is not None:
        return _followed(layout_of(alias.base), alias.steps)
    whole = alias.storage.value.spec.shape
    return _followed((whole, contiguous_strides(whole), 0), alias.steps)


def _followed(start: Layout, steps: tuple[Step, ...]) -> Layout:
    """The layout that steps make of another."""
    at, strides, offset = start
    for kind, attrs in steps:
        if kind == "reshape":
            strides, at = regrouped(at, strides, attrs) or contiguous_strides(attrs), attrs
        elif kind == "transpose":
            at, strides = tuple(at[i] for i in attrs), tuple(strides[i] for i in attrs)
        elif kind == "slice":
            starts, limits, jumps = attrs
            offset += sum(start * stride for start, stride in zip(starts, strides, strict=True))
            strides = tuple(stride * step for stride, step in zip(strides, jumps, strict=True))
            at = tuple(max(0, -(-(b - a) // s)) for a, b, s in zip(starts, limits, jumps, strict=True))
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
        elif kind == "windows":
            size, jump = attrs
            at = (*at[:-1], (at[-1] - size) // jump + 1, size)
            strides = (*strides[:-1], strides[-1] * jump, strides[-1])
        elif kind == "at":  # the numbers are not known here: the offset is that of the first element
            kept = [axis for axis in range(len(at)) if axis not in attrs[1]]
            at, strides = tuple([at[axis] for axis in kept]), tuple([strides[axis] for axis in kept])
        elif kind == "conj":
            pass  # the same places, read otherwise
        else:
            at = attrs[1]
            strides = contiguous_strides(at)
    return at, strides, offset


def regrouped(shape: Ints, strides: Ints, target: Ints) -> Ints | None:
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


def overlaps(x: Tensor, steps: tuple[Step, ...] = ()) -> bool:
    """Whether several elements are one place in memory, as after `expand`; of the part that steps lead to."""
    alias = x._alias
    while alias is not None and not any(kind == "broadcast_to" for kind, _ in alias.steps):
        alias = None if alias.base is None else alias.base._alias
        if alias is not None and not alias.steps:
            alias = None
    if alias is None:
        return False
    shape, strides, _ = _followed(layout_of(x), steps)
    return 0 not in shape and any(stride == 0 and dim > 1 for dim, stride in zip(shape, strides, strict=True))


def same_places(x: Tensor, y: Tensor) -> bool:
    """Whether both are the same part of the same storage."""
    if x._alias is None or y._alias is None:
        return x is y
    return x._alias.storage is y._alias.storage and layout_of(x) == layout_of(y)


def meets(x: Tensor, y: Tensor) -> bool:
    """Whether both have places in memory in common, as far as their first and last places tell."""
    if x is y:
        return True
    if x._alias is None or y._alias is None or x._alias.storage is not y._alias.storage:
        return False
    if not (x._value.spec.size and y._value.spec.size):
        return False
    (first, last), (start, end) = _extent(x), _extent(y)
    return first <= end and start <= last


def _extent(x: Tensor) -> tuple[int, int]:
    shape, strides, offset = layout_of(x)
    return offset, offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
