"""NumPy arrays and Python data <-> specs and the bytes of the wire: little-endian, C order, no gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from telegrad.wire.values import Value
from telegrad_proto.dtypes import DType, by_typestr, complex64, complex128, float64, int64, uint64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.spec import Spec

NDArray = np.ndarray[Any, Any]

_NUMPY_TYPES: Final[dict[DType, np.dtype[Any]]] = {}


def numpy_dtype(dtype: DType) -> np.dtype[Any]:
    """NumPy's element type of the same name, in this machine's byte order."""
    found = _NUMPY_TYPES.get(dtype)
    if found is None:
        found = _NUMPY_TYPES[dtype] = np.dtype(dtype.typestr)
    return found


def dtype_of_numpy(dtype: np.dtype[Any]) -> DType:
    """Our element type for NumPy's, whatever its byte order.

    Raises:
        DTypeError: there is none (text, objects, dates, longdouble).
    """
    found = by_typestr.get(dtype.newbyteorder("<").str)
    if found is None:
        raise DTypeError(
            f"can't convert np.ndarray of type numpy.{dtype.name}. The only supported types are: float64, "
            "float32, float16, "
            "complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


def own_copy(array: NDArray, dtype: DType | None = None) -> NDArray:
    """The array's elements in an array that nobody else writes to: C order, native bytes, read-only.

    Raises:
        DTypeError: we have no such element type.
    """
    wanted = numpy_dtype(dtype if dtype is not None else dtype_of_numpy(array.dtype))
    with np.errstate(over="ignore", invalid="ignore"):
        copied = np.array(
            array.real if wanted.kind != "c" and array.dtype.kind == "c" else array, dtype=wanted, order="C"
        )
    copied.flags.writeable = False
    return copied


def spec_of(array: NDArray) -> Spec:
    """The spec of an array."""
    return Spec(array.shape, dtype_of_numpy(array.dtype))


def payload_of(value: Value) -> memoryview:
    """The bytes of a value that is known here."""
    assert value.local is not None, "only a value that is known here is sent"
    return bytes_of(value.local)


def bytes_of(array: NDArray) -> memoryview:
    """The bytes of an array, as the wire has them; not copied where they are so already."""
    if not array.size:
        return memoryview(b"")
    whole = np.ascontiguousarray(array, dtype=dtype_of_numpy(array.dtype).typestr)
    return whole.reshape(-1).view(np.uint8).data


def array_of(spec: Spec, data: bytes | memoryview) -> NDArray:
    """A read-only array over received bytes.

    Raises:
        ShapeError: there are more or fewer than the spec says.
    """
    if len(data) != spec.nbytes:
        raise ShapeError(f"a value of {spec!r} has {spec.nbytes} bytes, got {len(data)}")
    array: NDArray = np.ndarray(spec.shape, numpy_dtype(spec.dtype), data)
    if array.flags.writeable:
        array.flags.writeable = False
    return array


def array_of_data(data: Any, dtype: DType | None, *, default: DType) -> NDArray:
    """Python numbers, nested sequences of them, or anything with `__array__`, as a read-only array.

    Args:
        data: what `tensor()` takes.
        dtype: the element type; by default that of the data, with `default` for Python's floats.
        default: the default floating type.

    Raises:
        TypeError: text, or an object that is no number.
        ArgumentError: sequences of different lengths.
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return own_copy(np.asarray(data), dtype)
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return own_copy(np.asarray(data), dtype)
    floating = dtype is None or dtype.kind == "f"
    if floating and isinstance(data, (list, tuple)) and set(map(type, data)) == {float}:
        return own_copy(np.array(data, np.float64), dtype or default)
    numbers = _plain(data)
    _check_nesting(numbers, ())
    if dtype is None:
        dtype = _python_dtype(numbers, default)
    rank = max(_ranks(numbers), default=2)
    if rank == 3 and dtype.kind not in "cb":
        raise DTypeError("must be real number, not complex")
    if dtype.kind in "ui":
        return _integers(numbers, rank, dtype)
    wide = np.complex128 if rank == 3 else np.float64 if rank == 2 or dtype.kind in "fc" else None
    return own_copy(np.array(numbers, dtype=wide), dtype)


def _integers(numbers: Any, rank: int, dtype: DType) -> NDArray:
    """Numbers as integers: fractions are cut off, negative ones wrap into an unsigned type, as in torch."""
    overflow = f"value cannot be converted to type {dtype.name} without overflow"
    try:
        wide = np.array(numbers, dtype=np.float64 if rank == 2 else None)
    except OverflowError:
        raise ArgumentError(overflow) from None
    if wide.dtype.kind == "b":
        wide = wide.astype(np.int64)
    if wide.dtype.kind == "O" or (wide.dtype.kind == "u" and dtype is not uint64):
        raise ArgumentError("Overflow when unpacking long long")  # Python's integers know no bound
    bound = 1 << (8 * dtype.itemsize - (dtype.kind == "i"))
    if wide.size and not (np.isfinite(wide).all() and -bound <= wide.min() and wide.max() < bound):
        raise ArgumentError(overflow)
    return own_copy(wide.astype(np.int64) if wide.dtype.kind != "u" else wide, dtype)


def _plain(data: Any) -> Any:
    """Nested lists without tensors and NumPy objects inside."""
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    if isinstance(data, (bool, int, float, complex)):
        return data
    if isinstance(data, np.generic):
        return data.item()
    if isinstance(data, np.ndarray) or hasattr(data, "__array__"):
        return np.asarray(data).tolist()
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return [_plain(item) for item in data]
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    raise TypeError(f"not a sequence or a number: {type(data).__name__}")


def _check_nesting(data: Any, path: tuple[int, ...]) -> None:
    if not isinstance(data, list) or not data:
        return
    first = data[0]
    if not isinstance(first, list):
        for item in data:
            if isinstance(item, list):
                raise TypeError(f"must be real number, not list: at index {path}")
        return
    for i, item in enumerate(data):
        if not isinstance(item, list):
            raise TypeError(f"expected sequence at dim {len(path) + 1} (got {type(item).__name__})")
        if len(item) != len(first):
            raise ArgumentError(
                f"expected sequence of length {len(first)} at dim {len(path) + 1} (got {len(item)})"
            )
        _check_nesting(item, (*path, i))


def _python_dtype(data: Any, default: DType) -> DType:
    ranks = _ranks(data)
    rank = max(ranks, default=2)
    from telegrad_proto.dtypes import bool_

    return (bool_, int64, default, complex128 if default is float64 else complex64)[rank]


def _ranks(data: Any) -> set[int]:
    if isinstance(data, list):
        found: set[int] = set()
        for item in data:
            found |= _ranks(item)
        return found
    if isinstance(data, bool):
        return {0}
    return {1} if isinstance(data, int) else {2} if isinstance(data, float) else {3}
