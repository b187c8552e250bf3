"""Shape arithmetic with torch's words for what does not fit. Nothing here allocates, whatever the sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from telegrad_proto.errors import ArgumentError, AxisError, ShapeError
from telegrad_proto.spec import element_count

Shape = tuple[int, ...]


def size_of(shape: Shape) -> int:
    """The number of elements of an array of this shape.

    Raises:
        ShapeError: a dimension is negative, or no integer.
        LimitError: a bound of `limits.py` was passed.
    """
    return element_count(shape)


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape that two shapes stretch to: aligned at the right, a 1 stretches.

    Raises:
        ShapeError: two dimensions differ and neither is 1.
    """
    if a == b:
        return a
    ndim = max(len(a), len(b))
    wide_a = (1,) * (ndim - len(a)) + a
    wide_b = (1,) * (ndim - len(b)) + b
    out = []
    for axis in reversed(range(ndim)):  # torch names the last dimension that does not fit
        m, n = wide_a[axis], wide_b[axis]
        if m != n and m != 1 and n != 1:
            raise ShapeError(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) "
                f"at non-singleton dimension {axis}",
                a=a,
                b=b,
            )
        out.append(n if m == 1 else m)
    return tuple(reversed(out))


def broadcast_all(shapes: Iterable[Shape]) -> Shape:
    """The shape that all of these stretch to; () where there are none.

    Raises:
        ShapeError: two dimensions differ and neither is 1.
    """
    out: Shape = ()
    for shape in shapes:
        out = broadcast(out, shape)
    return out


def check_expand(shape: Shape, target: Shape) -> None:
    """Returns where an array of `shape` can be stretched to `target`.

    Raises:
        ShapeError: it has more dimensions, or one that is neither 1 nor the target's.
    """
    sizes = f"Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
    if len(target) < len(shape):
        raise ShapeError(
            f"The number of sizes provided ({len(target)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)}). {sizes}"
        )
    lead = len(target) - len(shape)
    for axis, dim in enumerate(shape, start=lead):
        if dim not in (1, target[axis]):
            raise ShapeError(
                f"The expanded size of the tensor ({target[axis]}) must match the existing size ({dim}) "
                f"at non-singleton dimension {axis}.  {sizes}"
            )


def normalize_axis(axis: int, ndim: int) -> int:
    """The axis counted from the front. An array without dimensions takes 0 and -1, as in torch.

    Raises:
        AxisError: outside [-ndim, ndim).
    """
    bound = max(ndim, 1)
    if not -bound <= axis < bound:
        raise AxisError(
            f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {axis})",
            axis=axis,
            ndim=ndim,
        )
    return axis + bound if axis < 0 else axis


def normalize_axes(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """The axes counted from the front, sorted.

    Raises:
        AxisError: one is outside [-ndim, ndim).
        ArgumentError: one stands twice.
    """
    found = [normalize_axis(axis, ndim) for axis in axes]
    for axis in found:
        if found.count(axis) > 1:
            raise ArgumentError(f"dim {axis} appears multiple times in the list of dims", axes=tuple(axes))
    return tuple(sorted(found))


def check_axis(axis: int, ndim: int) -> None:
    """Returns where the axis is in normal form: 0 <= axis < ndim, or 0 of an array without dimensions.

    Raises:
        AxisError: it is not.
    """
    if normalize_axis(axis, ndim) != axis:
        raise AxisError(f"axis: requires one counted from the front, got {axis} of {ndim} dimensions")


def check_axes(axes: Sequence[int], ndim: int) -> None:
    """Returns where the axes are in normal form: strictly increasing, each with 0 <= axis < ndim.

    Raises:
        AxisError: they are not.
    """
    last = -1
    for axis in axes:
        if not 0 <= axis < ndim:
            normalize_axis(axis, ndim)
            raise AxisError(
                f"axes: requires axes of {ndim} dimensions, counted from the front, got {tuple(axes)}"
            )
        if axis <= last:
            raise AxisError(f"axes: requires increasing axes, got {tuple(axes)}")
        last = axis


def reduced(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """The shape after reducing over the axes; those stay as 1 where `keepdims`."""
    if keepdims:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def resolve_reshape(shape: Shape, target: Sequence[int]) -> Shape:
    """The target shape with its one -1, where it has one, computed.

    Raises:
        ShapeError: the sizes differ, or the -1 has no one answer.
        ArgumentError: more than one -1, or another negative dimension.
    """
    size = element_count(shape)
    unknown = [axis for axis, dim in enumerate(target) if dim == -1]
    if len(unknown) > 1:
        raise ShapeError("only one dimension can be inferred")
    for dim in target:
        if dim < -1:
            raise ShapeError(f"invalid shape dimension {dim}")
    invalid = ShapeError(f"shape '{list(target)}' is invalid for input of size {size}", shape=shape)
    if not unknown:
        if element_count(tuple(target)) != size:
            raise invalid
        return tuple(target)
    known = element_count(tuple(dim for dim in target if dim != -1))
    if known == 0:
        if size:
            raise invalid
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(target)} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    if size % known:
        raise invalid
    return tuple(size // known if dim == -1 else dim for dim in target)


def window_span(size: int, dilation: int) -> int:
    """How many elements a window of `size` taps, `dilation` apart, reaches over."""
    return dilation * (size - 1) + 1 if size else 0


def window_count(dim: int, size: int, stride: int, dilation: int) -> int:
    """How many windows fit into a dimension; 0 or less where none does."""
    return (dim - window_span(size, dilation)) // stride + 1


def sliced_dim(start: int, limit: int, stride: int) -> int:
    """How many elements start, start + stride, ... lie before `limit`."""
    return -((start - limit) // stride) if limit > start else 0


def indexed_shape(shape: Shape, axes: Sequence[int], picked: Shape) -> Shape:
    """The shape of advanced indexing: `picked` in the place of adjacent axes, else in front.

    Shape: `shape` with its `axes` replaced by `picked`.
    """
    if tuple(axes) == tuple(range(axes[0], axes[0] + len(axes))):
        return shape[: axes[0]] + picked + shape[axes[-1] + 1 :]
    return picked + tuple(dim for axis, dim in enumerate(shape) if axis not in axes)
