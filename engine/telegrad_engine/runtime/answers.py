"""What an outcome brings back: values with their bytes, the word that they are to be fetched apart, or an
error.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from telegrad_engine.runtime.backend import Backend
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import InternalError, TelegradError
from telegrad_proto.ir import Value
from telegrad_proto.limits import INLINE_BYTES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.status import to_status
from telegrad_proto.v1 import session_pb2

_log: Final = logging.getLogger(__name__)


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


def fail(outcome: session_pb2.Outcome, error: TelegradError, cause: BaseException | None = None) -> None:
    """Makes an outcome tell of an error and nothing else; a defect's details stay in the log."""
    if isinstance(error, InternalError):
        incident = uuid4().hex[:12]
        _log.error("incident %s in fragment %d: %s", incident, outcome.seq, error, exc_info=cause or error)
        error = InternalError(
            f"the engine failed; incident {incident} in the server's log", **error.details, incident=incident
        )
    del outcome.values[:]
    outcome.error.CopyFrom(to_status(error))


def host_array(value: Value, backend: Backend) -> Any:
    """A computed value's array in host memory, C order, little-endian."""
    buffer = value.buffer
    assert buffer is not None, "an answer is computed before it is given"
    return backend.to_host(buffer.array, value.spec)
