"""Arrays stored and loaded: the same elements, lying the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telegrad_engine.runtime.backend import backend
from telegrad_engine.snapshot.arrays import load_array, store_array
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.errors import PayloadError
from telegrad_proto.payload import digest_of
from telegrad_proto.spec import Spec

CPU = backend()
CUBE = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)

LAYOUTS: dict[str, np.ndarray[Any, Any]] = {
    "plain": CUBE,
    "turned": CUBE.T,
    "backwards": CUBE[::-1],
    "with gaps": CUBE[:, ::2],
    "repeated": np.broadcast_to(CUBE[:, :1], (3, 4, 5)),
    "turned and backwards": CUBE.transpose(1, 0, 2)[:, ::-1],
    "repeated and turned": np.broadcast_to(CUBE.T, (2, 5, 4, 3)),
    "one number for all": np.broadcast_to(np.float32(1), (2, 3)),
    "one number": np.asarray(np.float64(3)),
    "nothing": CUBE[:0],
    "truth": CUBE > 0,
    "complex": (CUBE + 1j * CUBE).astype(np.complex64).T,
}


def spec_of(array: np.ndarray[Any, Any]) -> Spec:
    return Spec(array.shape, by_typestr[array.dtype.str])


def ranks(array: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Each axis's direction and its place in the order of strides."""
    places = sorted({abs(stride) for stride in array.strides})
    return [(int(np.sign(stride)), places.index(abs(stride))) for stride in array.strides]


@pytest.mark.parametrize("array", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_there_and_back(array: np.ndarray[Any, Any]) -> None:
    message, data = store_array(array, spec_of(array), CPU)
    assert message.digest == digest_of(data)
    found = load_array(message, bytes(data), CPU)
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()
    assert ranks(found) == ranks(array)
    for axis in range(array.ndim):
        assert found.sum(axis).tobytes() == array.sum(axis).tobytes()


def test_what_repeats_is_stored_once() -> None:
    array = np.broadcast_to(np.float32(1), (1000, 1000))
    assert store_array(array, spec_of(array), CPU)[0].size_bytes == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.order.extend([0, 1, 7]),
        lambda m: m.order.extend([0, 0, 1]),
        lambda m: m.flipped.append(3),
        lambda m: m.repeated_axes.append(0),
        lambda m: m.spec.shape.append(2),
        lambda m: setattr(m, "digest", bytes(32)),
        lambda m: setattr(m, "size_bytes", 7),
    ],
)
def test_what_cannot_be_is_refused(spoil: Callable[[Any], object]) -> None:
    message, data = store_array(CUBE, spec_of(CUBE), CPU)
    spoil(message)
    with pytest.raises(PayloadError, match="snapshot"):
        load_array(message, bytes(data), CPU)
