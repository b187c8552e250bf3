"""Spec: the shape and element type of a value, without the value."""

from __future__ import annotations

from typing import Final, final
from weakref import WeakValueDictionary

from telegrad_proto.dtypes import DType
from telegrad_proto.errors import LimitError, ShapeError
from telegrad_proto.limits import MAX_DIM, MAX_ELEMENTS, MAX_RANK


@final
class Spec:
    """Shape and element type; one object a pair, so that two equal specs are the same object.

    Attributes:
        shape: dimensions, each 0 or more.
        dtype: element type.
        size: number of elements.
        nbytes: bytes of the elements.
        ndim: number of dimensions.
    """

    __slots__ = ("__weakref__", "dtype", "nbytes", "ndim", "shape", "size")

    shape: tuple[int, ...]
    dtype: DType
    size: int
    nbytes: int
    ndim: int

    def __new__(cls, shape: tuple[int, ...], dtype: DType) -> Spec:
        found = _KNOWN.get((shape, dtype))
        if found is not None:
            return found
        size = element_count(shape)
        self = object.__new__(cls)
        self.shape, self.dtype = shape, dtype
        self.size, self.nbytes, self.ndim = size, size * dtype.itemsize, len(shape)
        return _KNOWN.setdefault((shape, dtype), self)

    def with_dtype(self, dtype: DType) -> Spec:
        return Spec(self.shape, dtype)

    def with_shape(self, shape: tuple[int, ...]) -> Spec:
        return Spec(shape, self.dtype)

    def __repr__(self) -> str:
        return f"{self.dtype.name}[{', '.join(map(str, self.shape))}]"

    def __reduce__(self) -> tuple[type[Spec], tuple[tuple[int, ...], DType]]:
        return Spec, (self.shape, self.dtype)


def batch_of(spec: Spec, batch: int | None) -> Spec:
    """The spec of so many arrays of a spec, along a leading axis; the spec itself where there is no batch.

    Raises:
        LimitError: together they pass a bound.
    """
    return spec if batch is None else spec.with_shape((batch, *spec.shape))


_KNOWN: Final[WeakValueDictionary[tuple[tuple[int, ...], DType], Spec]] = WeakValueDictionary()


def element_count(shape: tuple[int, ...]) -> int:
    """The number of elements of an array of this shape.

    Raises:
        ShapeError: a dimension is negative, or no integer.
        LimitError: too many dimensions, a dimension too large, or a product past the bound. Python's integers
            do not overflow, so the product is exact before it is compared.
    """
    if len(shape) > MAX_RANK:
        raise LimitError(f"shape: at most {MAX_RANK} dimensions, got {len(shape)}")
    size = 1
    for dim in shape:
        if type(dim) is not int:
            raise ShapeError(f"shape: requires integers, got {dim!r} in {shape}")
        if dim < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {dim}: {list(shape)}")
        if dim > MAX_DIM:
            raise LimitError(f"shape: a dimension is at most {MAX_DIM}, got {dim} in {shape}")
        size *= dim
    # A zero must not hide a product that would overflow once sliced or padded.
    bound = 1
    for dim in shape:
        bound *= dim or 1
    if bound > MAX_ELEMENTS:
        raise LimitError(f"shape: at most {MAX_ELEMENTS} elements, got {bound} from {shape}")
    return size
