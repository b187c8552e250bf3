"""The exceptions that telegrad raises, and the user's line in those that only the server can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from telegrad.wire.callsite import describe, source
from telegrad_proto.errors import (
    AccessError,
    ArgumentError,
    ArityError,
    AttributeTypeError,
    AxisError,
    CancelledError,
    CapacityError,
    DeadlineError,
    DigestError,
    DTypeError,
    EvaluationError,
    GradientError,
    GraphError,
    IndexRangeError,
    InternalError,
    LimitError,
    LinAlgError,
    MovedError,
    OutOfMemoryError,
    PayloadError,
    ProgramNotFoundError,
    ProtocolError,
    ServerUnavailableError,
    SessionError,
    SessionExpiredError,
    SessionLostError,
    SessionNotFoundError,
    ShapeError,
    StaleEpochError,
    StructureError,
    TelegradError,
    TraceError,
    UnknownOperatorError,
    VersionError,
)

if TYPE_CHECKING:
    from telegrad.recording.recorder import Recorder

__all__ = [
    "AccessError",
    "ArgumentError",
    "ArityError",
    "AttributeTypeError",
    "AxisError",
    "CancelledError",
    "CapacityError",
    "DTypeError",
    "DeadlineError",
    "DigestError",
    "EvaluationError",
    "GradientError",
    "GraphError",
    "IndexRangeError",
    "InternalError",
    "LimitError",
    "LinAlgError",
    "MovedError",
    "NotNumberError",
    "OutOfMemoryError",
    "PayloadError",
    "ProgramNotFoundError",
    "ProtocolError",
    "ServerUnavailableError",
    "SessionError",
    "SessionExpiredError",
    "SessionLostError",
    "SessionNotFoundError",
    "ShapeError",
    "StaleEpochError",
    "StructureError",
    "TelegradError",
    "TraceError",
    "UnknownOperatorError",
    "VersionError",
    "at_line",
]


class NotNumberError(TypeError):
    """What stands where a tensor or a number belongs is neither; the function that it was given to names the
    argument.
    """

    def __init__(self, value: object) -> None:
        super().__init__(f"requires a Tensor or a number, got {type(value).__name__}")
        self.value = value


E = TypeVar("E", bound=TelegradError)


def at_line(error: E, recorder: Recorder) -> E:
    """The same error, its text followed by the user's line that recorded what failed, where the server named
    it.
    """
    named = error.details.get("node") or error.details.get("value")
    if named is None or not str(named).isdigit():
        return error
    site = recorder.site_of(int(named))
    if site is None:
        return error
    text = source(site)
    where = f"recorded at {describe(site)}" + (f": {text}" if text else "")
    error.message = f"{error.message} ({where})"
    error.args = (error.message,)
    error.details["line"] = describe(site)
    return error
