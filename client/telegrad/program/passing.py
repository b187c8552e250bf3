"""What is passed to a program: tensors, arrays and numbers as arrays of the specs that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad.tensor import Tensor
from telegrad.wire.convert import NDArray, array_of_data, dtype_of_numpy
from telegrad.wire.values import Value
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.spec import Spec


def fetch(tensors: Sequence[Tensor]) -> None:
    """Makes the tensors' arrays known here: one message a session."""
    sessions: dict[int, tuple[Any, list[Value]]] = {}
    for tensor in tensors:
        value = tensor._refresh()
        if value.local is None and value.recorder is not None:
            session = value.recorder.session
            sessions.setdefault(id(session), (session, []))[1].append(value)
    for session, values in sessions.values():
        session.fetch(values, "program")


def length_of(path: str, value: Any) -> int:
    """The length of an argument's batch axis.

    Raises:
        ShapeError: it has no axis at all.
    """
    if isinstance(value, Tensor):
        shape: Sequence[int] = value._spec.shape
    else:
        shape = np.shape(value)
    if not shape:
        raise ShapeError(f"{path}: requires a batch axis, got {_kind(value)}")
    return shape[0]


def _kind(value: Any) -> str:
    numbers = (int, float, complex, np.generic, np.ndarray, Tensor)
    return "a number" if isinstance(value, numbers) else type(value).__name__


def array_for(path: str, value: Any, like: Spec) -> NDArray:
    """The array of an argument; Python's numbers and lists take the type that is asked for.

    Raises:
        ShapeError: another shape.
        DTypeError: another type.
        ArgumentError: sequences of different lengths.
    """
    if isinstance(value, Tensor):
        array = value._refresh().local
        if array is None:
            fetch([value])
            array = value._refresh().local
        assert array is not None, "fetched before"
    elif isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
    else:
        try:
            array = array_of_data(value, like.dtype, default=like.dtype)
        except (ArgumentError, DTypeError, TypeError) as error:
            kind = DTypeError if isinstance(error, TypeError) else ArgumentError
            raise kind(f"{path}: requires {like!r}: {error}") from None
    if array.shape != like.shape:
        raise ShapeError(f"{path}: requires {like!r}, got shape {list(array.shape)}")
    if dtype_of_numpy(array.dtype) is not like.dtype:
        raise DTypeError(f"{path}: requires {like!r}, got type {dtype_of_numpy(array.dtype).name}")
    return array
