"""Functions that give the same elements other dimensions: most are views, which share their tensor's
memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad.functions.operands import Dims, axis_of, sizes_of, tensors_of
from telegrad.recording.registry import function, labelled
from telegrad.sharing import aliasing, views
from telegrad.tensor import Tensor
from telegrad.types import Size
from telegrad_proto import shapes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, ShapeError


def viewed(x: Tensor, target: Sequence[int]) -> Tensor:
    """A view of x with these dimensions, one of which may be -1."""
    return views.reshape(x, shape=shapes.resolve_reshape(tuple(x.shape), tuple(target)))


@function(label="ViewBackward0")
def reshape(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The elements in order, in other dimensions; one of these may be -1."""
    return viewed(input, sizes_of(shape, "reshape", "shape", named))


@function(name="view", label="ViewBackward0", method=True)
def view(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The elements in order, in other dimensions, sharing memory.

    Raises:
        ShapeError: their order in memory does not allow it.
        ArgumentError: asked for another type.
    """
    target = shape or (named.get("dtype") or sizes_of((), "view", "size", named),)
    if isinstance(target[0], DType):
        if target[0] is input.dtype:
            return viewed(input, tuple(input.shape))
        raise ArgumentError(
            "view(dtype): reading memory as another type is not offered; use to(dtype) to convert"
        )
    return views.as_shape(input, shape=shapes.resolve_reshape(tuple(input.shape), sizes_of(target, "view")))


@function(label="ViewBackward0", method=True)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements in order, in the dimensions of another tensor."""
    return viewed(input, tuple(other.shape))


@function(label="ViewBackward0", method=True)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements in order, in the dimensions of another tensor."""
    return views.as_shape(input, shape=shapes.resolve_reshape(tuple(input.shape), tuple(other.shape)))


@function(label="ViewBackward0")
def ravel(input: Tensor) -> Tensor:
    """All elements in order, in one dimension."""
    return viewed(input, (-1,) if 0 not in input.shape else (0,))


@function(label="ViewBackward0")
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` made one.

    Raises:
        ArgumentError: the first comes after the last.
    """
    if not input.ndim:
        return viewed(input, (1,))
    first, last = axis_of(start_dim, input.ndim), axis_of(end_dim, input.ndim)
    if first == last:
        return input
    if first > last:
        raise ArgumentError("flatten() has invalid args: start_dim cannot come after end_dim")
    shape = tuple(input.shape)
    middle = shapes.size_of(shape[first : last + 1])
    return viewed(input, (*shape[:first], middle, *shape[last + 1 :]))


@function(label="ViewBackward0")
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension made several; one of these may be -1.

    Raises:
        ShapeError: the sizes do not multiply to the dimension's.
    """
    if not input.ndim or not sizes:
        what = (
            "sizes must be non-empty"
            if input.ndim
            else "Dimension specified as 0 but tensor has no dimensions"
        )
        raise ShapeError(f"unflatten: {what}")
    axis = axis_of(dim, input.ndim)
    shape = tuple(input.shape)
    try:
        inner = shapes.resolve_reshape((shape[axis],), tuple(sizes))
    except ShapeError:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} "
            f"({shape[axis]}) in the input tensor"
        ) from None
    return viewed(input, (*shape[:axis], *inner, *shape[axis + 1 :]))


@function()
def squeeze(input: Tensor, dim: Dims = None) -> Tensor:
    """The tensor without those dimensions, all or the named ones, that are 1."""
    shape = tuple(input.shape)
    if dim is None:
        return views.reshape(input, shape=tuple(n for n in shape if n != 1))
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    named = shapes.normalize_axes(dims, len(shape))
    kept = tuple(n for i, n in enumerate(shape) if n != 1 or i not in named)
    return labelled(views.reshape(input, shape=kept), f"SqueezeBackward{1 if isinstance(dim, int) else 2}")


@function()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """The tensor with a dimension of 1 more, at `dim`."""
    axis = axis_of(dim, input.ndim + 1)
    shape = tuple(input.shape)
    return views.reshape(input, shape=(*shape[:axis], 1, *shape[axis:]))


def permuted(x: Tensor, order: Sequence[int]) -> Tensor:
    """A view of x with its dimensions in this order."""
    return views.transpose(x, perm=tuple(order))


def moved(x: Tensor, source: int, target: int) -> Tensor:
    """A view of x with one dimension moved; the others keep their order."""
    order = [i for i in range(x.ndim) if i != source]
    order.insert(target, source)
    return permuted(x, order) if source != target else x


def swapped(x: Tensor, first: int, second: int) -> Tensor:
    """A view of x with two dimensions exchanged."""
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return permuted(x, order)


@function()
def permute(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """The dimensions in another order.

    Raises:
        ShapeError: not every dimension is there once.
    """
    order = sizes_of(dims, "permute", "dims", named)
    if len(order) != input.ndim:
        raise ShapeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = "
            f"{len(order)}"
        )
    found = tuple(axis_of(dim, input.ndim) for dim in order)
    if len(set(found)) != len(found):
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return permuted(input, found)


@function(aliases=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    first, second = axis_of(dim0, input.ndim), axis_of(dim1, input.ndim)
    return swapped(input, first, second) if input.ndim else views.reshape(input, shape=())


@function()
def t(input: Tensor) -> Tensor:
    """A matrix with rows and columns exchanged; a vector as it is.

    Raises:
        ShapeError: more than two dimensions.
    """
    if input.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return permuted(input, tuple(reversed(range(input.ndim))))


@function(label="TransposeBackward0")
def adjoint(input: Tensor) -> Tensor:
    """A view of matrices with rows and columns exchanged, and conjugated.

    Raises:
        ShapeError: fewer than two dimensions.
    """
    if input.ndim < 2:
        raise ShapeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {input.ndim}-D "
            "tensor."
        )
    out = swapped(input, input.ndim - 2, input.ndim - 1)
    return aliasing.view(out, "conj", None) if input.dtype.kind == "c" else out


@function(label="PermuteBackward0", aliases=("moveaxis",))
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places; the rest keep their order.

    Raises:
        ArgumentError: not as many places as dimensions, or one of either twice.
    """
    if isinstance(source, int) != isinstance(destination, int):
        raise TypeError(
            "movedim() received an invalid combination of arguments: requires two ints or two tuples of "
            f"ints, got {type(source).__name__} and {type(destination).__name__}"
        )
    sources = (source,) if isinstance(source, int) else tuple(source)
    targets = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(sources) != len(targets):
        raise ArgumentError(
            f"movedim: Invalid source or destination dims: source ({list(sources)} dims) should contain the "
            f"same number of dims as destination ({list(targets)} dims)"
        )
    src = [axis_of(dim, input.ndim) for dim in sources]
    dst = [axis_of(dim, input.ndim) for dim in targets]
    for name, dims, given in (("source", src, sources), ("destination", dst, targets)):
        if len(set(dims)) != len(dims):
            raise ArgumentError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not input.ndim:
        return views.reshape(input, shape=())
    order = [i for i in range(input.ndim) if i not in src]
    for place, axis in sorted(zip(dst, src, strict=True)):
        order.insert(place, axis)
    return permuted(input, order)


@function()
def expand(input: Tensor, *size: Any, **named: Any) -> Tensor:
    """The tensor stretched to `size`; -1 keeps a dimension."""
    target = list(sizes_of(size, "expand", "size", named))
    lead = len(target) - input.ndim
    for i, n in enumerate(target):
        if n == -1 and i >= lead >= 0:
            target[i] = input.shape[i - lead]
        elif n < 0:
            raise ShapeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension "
                f"{i}"
            )
    shapes.check_expand(tuple(input.shape), tuple(target))
    return views.broadcast_to(input, shape=tuple(target))


@function(label="ExpandBackward0", method=True)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor stretched to the shape of another."""
    shapes.check_expand(tuple(input.shape), tuple(other.shape))
    return views.broadcast_to(input, shape=tuple(other.shape))


@function(label="ExpandBackward0")
def broadcast_to(input: Tensor, size: int | Sequence[int]) -> Tensor:
    """The tensor stretched to `size`."""
    return expand(input, size if isinstance(size, int) else tuple(size))


@function(label="ExpandBackward0", method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors, each stretched to the shape that they have together."""
    given = tensors_of(tensors)
    shape = shapes.broadcast_all([tuple(x.shape) for x in given])
    return tuple(views.broadcast_to(x, shape=shape) for x in given)


@function(label=None, method=False)
def broadcast_shapes(*sizes: Any) -> Any:
    """The shape that these shapes stretch to."""
    given = []
    for shape in sizes:
        if not isinstance(shape, (int, list, tuple)):
            raise ShapeError(
                f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {shape}"
            )
        given.append((shape,) if isinstance(shape, int) else tuple(shape))
        if any(size < 0 for size in given[-1]):
            raise ArgumentError(f"Attempting to broadcast a dimension with negative length! Got {shape}")
    return Size(shapes.broadcast_all(given))


def _at_least(tensors: tuple[Any, ...], enlarge: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return enlarge(tensors[0])
    return tuple(enlarge(x) for x in tensors_of(tensors))


@function(label="ViewBackward0", method=False)
def atleast_1d(*tensors: Any) -> Any:
    """The tensors with at least one dimension."""
    return _at_least(tensors, lambda x: viewed(x, (1,)) if not x.ndim else x)


def _two_dims(x: Tensor) -> Tensor:
    return x if x.ndim >= 2 else viewed(x, (1, *(x.shape or (1,))))


def _three_dims(x: Tensor) -> Tensor:
    if x.ndim >= 3:
        return x
    return viewed(x, (1, x.shape[0] if x.ndim else 1, 1) if x.ndim < 2 else (*x.shape, 1))


@function(label="UnsqueezeBackward0", method=False)
def atleast_2d(*tensors: Any) -> Any:
    """The tensors with at least two dimensions."""
    return _at_least(tensors, _two_dims)


@function(label="UnsqueezeBackward0", method=False)
def atleast_3d(*tensors: Any) -> Any:
    """The tensors with at least three dimensions."""
    return _at_least(tensors, lambda x: viewed(x, (1, x.shape[0], 1)) if x.ndim == 1 else _three_dims(x))
