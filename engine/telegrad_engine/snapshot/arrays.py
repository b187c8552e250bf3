"""Arrays <-> bytes, with the way they lie in memory: a sum's last bit may depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad_engine.runtime.backend import Backend
from telegrad_proto.codec import decode_spec, encode_spec
from telegrad_proto.errors import PayloadError
from telegrad_proto.payload import digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import snapshot_pb2


def store_array(array: Any, spec: Spec, backend: Backend) -> tuple[snapshot_pb2.StoredArray, memoryview]:
    """What stands for an array in a snapshot, and its bytes."""
    message = snapshot_pb2.StoredArray(spec=encode_spec(spec))
    as_said = backend.xp is np and array.shape == spec.shape and array.dtype.str == spec.dtype.typestr
    host = array if as_said else backend.to_host(array, spec)
    if not host.flags.c_contiguous:
        strides = host.strides
        message.repeated_axes.extend([i for i, n in enumerate(host.shape) if n > 1 and not strides[i]])
        message.flipped.extend([i for i, stride in enumerate(strides) if stride < 0])
        message.order.extend(sorted(range(host.ndim), key=lambda i: (-abs(strides[i]), i)))
        host = _packed(host, message)
    host = np.ascontiguousarray(host, dtype=spec.dtype.typestr)
    data = host.reshape(-1).view(np.uint8).data if host.size else memoryview(b"")
    message.size_bytes = data.nbytes
    message.digest = digest_of(data)
    return message, data


def _packed(array: Any, message: snapshot_pb2.StoredArray) -> Any:
    """The array's elements, each once, in the order in which they lie in memory."""
    once: list[slice] = [slice(None)] * array.ndim
    for axis in message.flipped:
        once[axis] = slice(None, None, -1)
    for axis in message.repeated_axes:
        once[axis] = slice(0, 1)
    return array[tuple(once)].transpose(list(message.order))


def load_array(message: snapshot_pb2.StoredArray, data: bytes | memoryview, backend: Backend) -> Any:
    """The array in these bytes, lying as it did.

    Raises:
        PayloadError: they are not the array's, or the message says what cannot be.
        GraphError: its spec is none.
    """
    spec = decode_spec(message.spec)
    if len(data) != message.size_bytes or digest_of(data) != message.digest:
        raise PayloadError(f"snapshot: an array of {spec!r} is not what was stored")
    order = list(message.order) or list(range(spec.ndim))
    axes = {*message.flipped, *message.repeated_axes}
    if sorted(order) != list(range(spec.ndim)) or not axes <= set(order):
        raise PayloadError(f"snapshot: an array of {spec!r} with axes that it does not have")
    shape = _shape(spec, message.repeated_axes)
    packed = Spec(tuple(shape[axis] for axis in order), spec.dtype)
    if packed.nbytes != len(data):
        raise PayloadError(f"snapshot: an array of {spec!r} has {packed.nbytes} bytes, got {len(data)}")
    array = backend.from_bytes(data, packed)
    if not message.order:
        return array
    array = array.transpose([order.index(axis) for axis in range(spec.ndim)])
    flip: list[slice] = [slice(None)] * spec.ndim
    for axis in message.flipped:
        flip[axis] = slice(None, None, -1)
    return backend.xp.broadcast_to(array[tuple(flip)], spec.shape)


def _shape(spec: Spec, repeated: Sequence[int]) -> list[int]:
    return [1 if axis in repeated else n for axis, n in enumerate(spec.shape)]
