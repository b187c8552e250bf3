"""Functions that make tensors: from data, of a shape, in a range; and torch's old constructors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from telegrad import _primitives as p
from telegrad.autograd.mode import MODE
from telegrad.making.promotion import (
    Number,
    cast,
    default_complex,
    dtype_of_number,
    get_default_dtype,
    is_number,
    number,
    result_type,
)
from telegrad.recording.registry import FUNCTIONS
from telegrad.tensor import CLASS_NAMES, Tensor, make
from telegrad.types import check_device
from telegrad.wire.convert import NDArray, array_of_data, own_copy, spec_of
from telegrad.wire.values import Value
from telegrad_proto.dtypes import DType, bool_, int64
from telegrad_proto.errors import ArgumentError, DTypeError, GradientError, ShapeError
from telegrad_proto.spec import element_count


def from_array(array: NDArray) -> Tensor:
    """A tensor of an array that nobody else writes to; its bytes travel when an operator first reads it."""
    if array.flags.writeable or not array.flags.c_contiguous or not array.dtype.isnative:
        array = own_copy(array)
    return make(Value(0, spec_of(array), None, array))


def as_leaf(tensor: Tensor, requires_grad: bool) -> Tensor:
    if requires_grad:
        if not tensor.dtype.is_differentiable:
            raise GradientError("Only Tensors of floating point and complex dtype can require gradients")
        tensor._tracked = True
    return tensor


def dtype_of(name: Any, where: str = "") -> DType:
    """The element type that torch means by a dtype, by Python's bool, int, float, complex, or by an old class
    name.

    Raises:
        DTypeError: it is none of these.
    """
    if isinstance(name, DType):
        return name
    python = {bool: bool_, int: int64, float: get_default_dtype(), complex: default_complex()}
    if isinstance(name, type) and name in python:
        return python[name]
    if hasattr(name, "dtype") and hasattr(name, "__instancecheck__"):
        return name.dtype  # type: ignore[no-any-return]  # an old class, as FloatTensor
    raise DTypeError(f"{where}argument 'dtype' must be torch.dtype, not {type(name).__name__}")


def dtype_of_class(name: Any) -> DType:
    """The element type that a dtype, an old class or its name, as `torch.FloatTensor`, stands for.

    Raises:
        ArgumentError: no class is called so.
        DTypeError: it is none of these.
    """
    if not isinstance(name, str):
        return dtype_of(name)
    for dtype, old in CLASS_NAMES.items():
        if name.removeprefix("torch.") == old:
            return dtype
    raise ArgumentError(f"invalid type: '{name}'")


def wanted_dtype(dtype: Any, otherwise: DType) -> DType:
    return otherwise if dtype is None else dtype_of(dtype)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor of this data, copied.

    Args:
        data: numbers, nested sequences of them, a NumPy array of any layout and byte order, or a tensor.
        dtype: the element type; by default what the data says.
        device: `cpu`; the server computes on its own.
        requires_grad: record what happens to it for differentiation.
        pin_memory: accepted; without effect.

    Raises:
        TypeError: text, or an object that is no number.
        ArgumentError: sequences of different lengths.
        GradientError: `requires_grad` with a type that has no derivatives.
    """
    check_device(device)
    wanted = None if dtype is None else dtype_of(dtype, "tensor(): ")
    if isinstance(data, Tensor):
        copied = make(p.identity(make(data._refresh()))._value)
        return as_leaf(copied if wanted is None else cast(copied, wanted), requires_grad)
    array = _array_of_tensors(data, wanted)
    if array is None:
        array = array_of_data(data, wanted, default=get_default_dtype())
    return as_leaf(from_array(array), requires_grad)


_NUMBERS: Final = frozenset((float, int, bool, complex))


def _array_of_tensors(data: Any, dtype: DType | None) -> NDArray | None:
    """The array of nested sequences that hold 0-d tensors: these are fetched together."""
    from telegrad.recording.registry import tensors_in

    if not isinstance(data, (list, tuple)) or set(map(type, data)) <= _NUMBERS:
        return None
    found = list(tensors_in(data))
    if not found:
        return None
    fetch_together(found)
    wanted = dtype or result_type(*(make(t._value) for t in found))
    return array_of_data(_unwrapped(data), wanted, default=get_default_dtype())


def _unwrapped(data: Any) -> Any:
    if isinstance(data, Tensor):
        return array_from(data).tolist()
    return [_unwrapped(item) for item in data] if isinstance(data, (list, tuple)) else data


def fetch_together(tensors: Sequence[Tensor]) -> list[NDArray]:
    """The arrays of several tensors, for the price of one message."""
    values = [t._refresh() for t in tensors]
    missing = [value for value in values if value.local is None]
    if missing:
        recorder = missing[0].recorder
        assert recorder is not None, "a value without an array is in a session"
        recorder.session.fetch(missing)
    return [array_from(t) for t in tensors]


def array_from(x: Tensor) -> NDArray:
    """The tensor's elements, read-only."""
    value = x._refresh()
    if value.local is None:
        assert value.recorder is not None, "a value without an array is in a session"
        value.recorder.session.fetch([value])
    assert value.local is not None, "fetch gives every array or raises"
    return value.local


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor: itself where it is one of the right type."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else cast(data, dtype_of(dtype))
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """The object as a tensor; a copy where `copy` is true."""
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype=dtype, device=device)
    return made.requires_grad_() if requires_grad else made


def from_numpy(array: NDArray) -> Tensor:
    """A tensor of an array's elements. Unlike torch's it is a copy: the memory that computes is elsewhere.

    Raises:
        TypeError: it is no array, or of a type that there is no tensor of.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    return from_array(own_copy(array))


def scalar_tensor(s: Number, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of a number, of the default type."""
    check_device(device)
    if (kind := type(requires_grad).__name__) != "bool":
        raise TypeError(f"scalar_tensor(): argument 'requires_grad' must be bool, not {kind}")
    if (kind := type(s).__name__) in ("list", "tuple"):
        raise TypeError(f"scalar_tensor(): argument 's' (position 1) must be Number, not {kind}")
    return tensor(s, dtype=wanted_dtype(dtype, get_default_dtype()), requires_grad=requires_grad)


def shape_of(sizes: Sequence[Any], name: str = "size") -> tuple[int, ...]:
    """The shape that a call means by integers one by one, or by one sequence of them.

    Raises:
        TypeError: something else than integers.
        ShapeError: a negative one.
    """
    if len(sizes) == 1 and isinstance(sizes[0], (list, tuple)):
        sizes = sizes[0]
    shape = []
    for i, size in enumerate(sizes):
        if isinstance(size, Tensor) and not size.ndim and not size.dtype.is_differentiable:
            size = array_from(size).item()
        if not hasattr(size, "__index__") or isinstance(size, bool):
            raise TypeError(
                f"{name}(): argument 'size' (position {i + 1}) must be tuple of ints, not "
                f"{type(size).__name__}"
            )
        shape.append(int(size))
    for dim in shape:
        if dim < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {dim}: {shape}")
    element_count(tuple(shape))
    return tuple(shape)


def filled(shape: tuple[int, ...], value: Number, dtype: DType, requires_grad: bool) -> Tensor:
    if dtype.kind == "u" and isinstance(value, int) and -(1 << 8 * dtype.itemsize) <= value < 0:
        value += 1 << 8 * dtype.itemsize  # as in torch, a negative number wraps
    return as_leaf(make(p.full(shape=shape, fill=value, dtype=dtype)._value), requires_grad)


def made_like(input: Tensor, made: Tensor) -> Tensor:
    """What was made like another tensor: inside `vmap` it has room for what differs between the examples."""
    if not MODE.levels or made._tracked:
        return made
    from telegrad.recording.batching import apart  # what never maps never loads it

    return apart(made, input)


def _maker(name: str, fill: Number, what: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    def make_filled(
        *size: Any,
        out: Tensor | None = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
        **named: Any,
    ) -> Tensor:
        check_device(device)
        if not size and "size" not in named:
            raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
        sizes = size or (named.pop("size"),)
        no_more(name, named)
        wanted = wanted_dtype(dtype, get_default_dtype() if out is None else out.dtype)
        made = filled(shape_of(sizes, name), fill, wanted, requires_grad)
        return made if out is None else into(out, made)

    def make_like(
        input: Tensor,
        *,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        check_device(device)
        require_tensor(input, f"{name}_like")
        made = filled(input._value.spec.shape, fill, wanted_dtype(dtype, input.dtype), requires_grad)
        return made_like(input, made)

    make_filled.__name__ = make_filled.__qualname__ = name
    make_filled.__doc__ = f"A tensor of this shape, {what}."
    make_like.__name__ = make_like.__qualname__ = f"{name}_like"
    make_like.__doc__ = f"A tensor of another's shape and type, {what}."
    return make_filled, make_like


def require_tensor(value: Any, name: str) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(value).__name__}")


def no_more(name: str, named: dict[str, Any]) -> None:
    if named:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")


def into(out: Tensor, made: Tensor) -> Tensor:
    from telegrad.sharing.writing import write_out  # writing comes after making

    write_out("out", out, made)
    return out


zeros, zeros_like = _maker("zeros", 0, "all zeros")
ones, ones_like = _maker("ones", 1, "all ones")
# Elements that nobody set are whatever they are: zeros are as good as any, and the same each time.
empty, empty_like = _maker("empty", 0, "with elements that are yet to be set")


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of this shape with one number everywhere; of that number's type by default."""
    check_device(device)
    value = _fill_value(fill_value)
    if not isinstance(size, (list, tuple)):
        kind = type(size).__name__
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {kind}")
    wanted = wanted_dtype(dtype, dtype_of_number(value) if out is None else out.dtype)
    made = filled(shape_of((size,), "full"), value, wanted, requires_grad)
    return made if out is None else into(out, made)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of another's shape and type with one number everywhere."""
    check_device(device)
    require_tensor(input, "full_like")
    kind = wanted_dtype(dtype, input.dtype)
    return made_like(input, filled(input._value.spec.shape, _fill_value(fill_value), kind, requires_grad))


def _fill_value(value: Any) -> Number:
    if isinstance(value, Tensor) and not value.ndim:
        return array_from(value).item()  # type: ignore[no-any-return]
    if not is_number(value):
        raise TypeError(
            f"full(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}"
        )
    return number(value)


FACTORIES: Final = (
    tensor, as_tensor, asarray, from_numpy, scalar_tensor, zeros, zeros_like, ones, ones_like, empty,
    empty_like, full, full_like,
)  # fmt: skip
FUNCTIONS.setdefault("", {}).update({factory.__name__: factory for factory in FACTORIES})
