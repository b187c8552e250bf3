"""Every error that telegrad raises: one tree, and one table of how each travels.

    TelegradError
    ├── GraphError                what was asked is wrong: the request must change
    │   ├── ShapeError            RuntimeError        ├── UnknownOperatorError  LookupError
    │   ├── DTypeError            TypeError           ├── ArityError            TypeError
    │   ├── AxisError             IndexError          ├── AttributeTypeError    TypeError
    │   ├── ArgumentError         ValueError          ├── StructureError        ValueError
    │   ├── GradientError         RuntimeError        ├── LimitError            ValueError
    │   └── TraceError            RuntimeError: a function that cannot be made a program
    ├── EvaluationError           RuntimeError: the graph is right, computing it failed
    │   ├── IndexRangeError       IndexError          ├── CancelledError        (asked for)
    │   ├── OutOfMemoryError      MemoryError         └── DeadlineError         TimeoutError
    │   ├── LinAlgError           the matrix has no such decomposition
    │   └── InvalidValueError     ValueError: a value that was required to be another
    ├── PayloadError              ValueError: bytes that do not fit their header
    │   └── DigestError
    ├── ProtocolError             RuntimeError: fragments out of order, or two sides of different versions
    │   ├── FragmentGapError      ├── FragmentChangedError   ├── FragmentTooOldError
    │   └── VersionError
    ├── SessionError              RuntimeError
    │   ├── SessionExpiredError   ├── SessionNotFoundError
    │   ├── StaleEpochError       └── SessionLostError
    ├── ProgramNotFoundError      LookupError: no program of this digest here
    ├── JobError                  RuntimeError: the batch job failed
    │   ├── JobNotFoundError      LookupError     └── DataError             ValueError: a file, or a row
    ├── AccessError               PermissionError
    ├── CapacityError             RuntimeError: come again later, or ask for less
    ├── ServerUnavailableError    ConnectionError
    │   └── MovedError            the session goes on elsewhere: open it again
    └── InternalError             RuntimeError: our fault; the incident id is in the server's log

Each class also inherits the builtin that torch raises in the same place, so `except RuntimeError` written for
torch works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

#: gRPC's status codes by number; named here because this package does not import grpc.
CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = 1, 3, 4, 5
PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED = 7, 8, 9, 10
OUT_OF_RANGE, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 11, 13, 14, 16


class TelegradError(Exception):
    """The root.

    Args:
        message: what was required, what came, where.
        details: the same in parts, for programs; values become text on the wire.
    """

    reason: ClassVar[str] = "TELEGRAD"

    def __init__(self, message: str, /, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.details)

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[TelegradError], message: str, details: dict[str, Any]) -> TelegradError:
    return kind(message, **details)


class GraphError(TelegradError):
    """What was asked is wrong: asking the same again fails again."""


class ShapeError(GraphError, RuntimeError):
    """Shapes that do not fit the operator."""


class DTypeError(GraphError, TypeError, NotImplementedError):
    """An element type that the operator does not take; torch raises TypeError, RuntimeError or, where it
    lacks a kernel for the type, NotImplementedError, which is a RuntimeError too.
    """


class AxisError(GraphError, IndexError):
    """An axis, or an index known while recording, outside its range."""


class ArgumentError(GraphError, ValueError, RuntimeError):
    """An argument whose value the operator does not take."""


class GradientError(GraphError, RuntimeError):
    """A backward pass that cannot be: no graph, a freed one, a root that is no scalar."""


class UnknownOperatorError(GraphError, LookupError):
    """No operator of this name in the catalogue."""


class ArityError(GraphError, TypeError):
    """The wrong number of inputs, attributes or outputs."""


class AttributeTypeError(GraphError, TypeError):
    """An attribute of another type than the catalogue says."""


class StructureError(GraphError, ValueError):
    """Ids that make no graph: used twice, not defined before use, or released."""


class LimitError(GraphError, ValueError, RuntimeError):
    """A bound of `limits.py` was passed."""


class TraceError(GraphError, RuntimeError):
    """A function that cannot be made a program: it looks at a value, or writes into a tensor from outside."""


class EvaluationError(TelegradError, RuntimeError):
    """The graph is right, computing a value failed. The session goes on; the value can be asked for again."""


class IndexRangeError(EvaluationError, IndexError):
    """An index, known only when computed, outside its range."""


class OutOfMemoryError(EvaluationError, MemoryError):
    """The device's memory, or the session's share of it, does not hold the result."""


class CancelledError(EvaluationError):
    """The evaluation was stopped on request."""


class DeadlineError(EvaluationError, TimeoutError):
    """The time that the request allowed is over."""


class LinAlgError(EvaluationError):
    """The matrix is singular, not positive definite, or the iteration did not converge."""


class InvalidValueError(EvaluationError, ValueError):
    """A value, known only when computed, that is none the operator takes."""


class PayloadError(TelegradError, ValueError):
    """Bytes that do not fit their header: too few, too many, never announced."""


class DigestError(PayloadError):
    """Bytes whose digest is not the announced one."""


class ProtocolError(TelegradError, RuntimeError):
    """The two sides disagree on the state of their conversation."""


class FragmentGapError(ProtocolError):
    """A fragment came before its predecessor."""


class FragmentChangedError(ProtocolError):
    """A fragment came again with other contents."""


class FragmentTooOldError(ProtocolError):
    """A fragment came again after its record was dropped."""


class VersionError(ProtocolError):
    """Client and server speak different protocols or know different operators."""


class SessionError(TelegradError, RuntimeError):
    """The session cannot be used."""


class SessionExpiredError(SessionError):
    """The session's lease ended while no client was attached."""


class SessionNotFoundError(SessionError):
    """No session of this id here."""


class StaleEpochError(SessionError):
    """The session was taken up elsewhere since: this client, or this worker, no longer owns it."""


class SessionLostError(SessionError):
    """The session could not be brought back as it was."""


class ProgramNotFoundError(TelegradError, LookupError):
    """No program of this digest here: send it along."""


class JobError(TelegradError, RuntimeError):
    """A batch job that failed, was cancelled, or is not there yet."""


class JobNotFoundError(JobError, LookupError):
    """No job of this id in the jobs' folder."""


class DataError(JobError, ValueError):
    """A job's file that cannot be read, or a row of it that cannot be used: the details name file and row."""


class AccessError(TelegradError, PermissionError):
    """No token, or a wrong one."""


class CapacityError(TelegradError, RuntimeError):
    """The server has no room for another session, or no worker to place it on."""


class ServerUnavailableError(TelegradError, ConnectionError):
    """No server answers at the address."""


class MovedError(ServerUnavailableError):
    """The worker is about to end: opened again, the session goes on elsewhere."""


class InternalError(TelegradError, RuntimeError):
    """A defect of telegrad's; the detail is in the server's log under the incident id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How an error class travels.

    Attributes:
        reason: stable name, part of the interface.
        code: gRPC status code.
        retry: whether the same request can succeed later.
    """

    reason: str
    code: int
    retry: bool


TABLE: Final[Mapping[type[TelegradError], Entry]] = {
    ShapeError: Entry("SHAPE", INVALID_ARGUMENT, False),
    DTypeError: Entry("DTYPE", INVALID_ARGUMENT, False),
    AxisError: Entry("AXIS", INVALID_ARGUMENT, False),
    ArgumentError: Entry("ARGUMENT", INVALID_ARGUMENT, False),
    GradientError: Entry("GRADIENT", INVALID_ARGUMENT, False),
    UnknownOperatorError: Entry("UNKNOWN_OPERATOR", INVALID_ARGUMENT, False),
    ArityError: Entry("ARITY", INVALID_ARGUMENT, False),
    AttributeTypeError: Entry("ATTRIBUTE_TYPE", INVALID_ARGUMENT, False),
    StructureError: Entry("STRUCTURE", INVALID_ARGUMENT, False),
    LimitError: Entry("LIMIT", INVALID_ARGUMENT, False),
    TraceError: Entry("TRACE", INVALID_ARGUMENT, False),
    GraphError: Entry("GRAPH", INVALID_ARGUMENT, False),
    IndexRangeError: Entry("INDEX_RANGE", OUT_OF_RANGE, False),
    OutOfMemoryError: Entry("OUT_OF_MEMORY", RESOURCE_EXHAUSTED, True),
    CancelledError: Entry("CANCELLED", CANCELLED, True),
    DeadlineError: Entry("DEADLINE", DEADLINE_EXCEEDED, True),
    LinAlgError: Entry("LINALG", FAILED_PRECONDITION, False),
    InvalidValueError: Entry("INVALID_VALUE", FAILED_PRECONDITION, False),
    EvaluationError: Entry("EVALUATION", FAILED_PRECONDITION, False),
    DigestError: Entry("DIGEST", INVALID_ARGUMENT, True),
    PayloadError: Entry("PAYLOAD", INVALID_ARGUMENT, False),
    FragmentGapError: Entry("FRAGMENT_GAP", ABORTED, False),
    FragmentChangedError: Entry("FRAGMENT_CHANGED", INVALID_ARGUMENT, False),
    FragmentTooOldError: Entry("FRAGMENT_TOO_OLD", FAILED_PRECONDITION, False),
    VersionError: Entry("VERSION", FAILED_PRECONDITION, False),
    ProtocolError: Entry("PROTOCOL", INVALID_ARGUMENT, False),
    SessionExpiredError: Entry("SESSION_EXPIRED", FAILED_PRECONDITION, False),
    SessionNotFoundError: Entry("SESSION_NOT_FOUND", NOT_FOUND, False),
    StaleEpochError: Entry("STALE_EPOCH", FAILED_PRECONDITION, False),
    SessionLostError: Entry("SESSION_LOST", ABORTED, False),
    SessionError: Entry("SESSION", FAILED_PRECONDITION, False),
    ProgramNotFoundError: Entry("PROGRAM_NOT_FOUND", NOT_FOUND, True),
    JobNotFoundError: Entry("JOB_NOT_FOUND", NOT_FOUND, False),
    DataError: Entry("DATA", INVALID_ARGUMENT, False),
    JobError: Entry("JOB", FAILED_PRECONDITION, False),
    AccessError: Entry("UNAUTHENTICATED", UNAUTHENTICATED, False),
    CapacityError: Entry("CAPACITY", RESOURCE_EXHAUSTED, True),
    MovedError: Entry("MOVE", UNAVAILABLE, True),
    ServerUnavailableError: Entry("UNAVAILABLE", UNAVAILABLE, True),
    InternalError: Entry("INTERNAL", INTERNAL, False),
    TelegradError: Entry("TELEGRAD", INTERNAL, False),
}

BY_REASON: Final[Mapping[str, type[TelegradError]]] = {entry.reason: kind for kind, entry in TABLE.items()}

for _kind, _entry in TABLE.items():
    _kind.reason = _entry.reason
