"""What an outcome brings back: values with their bytes, or the word that they are to be fetched apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad_engine.runtime.backend import Backend
from telegrad_proto.codec import encode_spec
from telegrad_proto.ir import Value
from telegrad_proto.limits import INLINE_BYTES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.v1 import session_pb2


def answer(outcome: session_pb2.Outcome, values: Sequence[Value], backend: Backend) -> None:
    """Puts computed values into an outcome; large ones are only announced."""
    room = MAX_INLINE_TOTAL_BYTES
    add = outcome.values.add
    for value in values:
        spec = value.spec
        size = spec.nbytes
        if size > INLINE_BYTES or size > room:
            add(id=value.id, spec=encode_spec(spec), by_get=True)
        else:
            room -= size
            add(id=value.id, spec=encode_spec(spec), data=host_array(value, backend).tobytes())


def host_array(value: Value, backend: Backend) -> Any:
    """A computed value's array in host memory, C order, little-endian."""
    buffer = value.buffer
    assert buffer is not None, "an answer is computed before it is given"
    return backend.to_host(buffer.array, value.spec)
