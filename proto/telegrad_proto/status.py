"""Errors on the wire: `google.rpc.Status` with an `ErrorInfo`, never a pickle, never a traceback."""

from __future__ import annotations

from google.rpc import error_details_pb2, status_pb2

from telegrad_proto.errors import BY_REASON, TABLE, InternalError, TelegradError

DOMAIN = "telegrad"

#: gRPC's trailing metadata key for a serialized Status.
STATUS_DETAILS_KEY = "grpc-status-details-bin"

_MAX_TEXT = 4_000  # metadata is bounded at 8 KiB; a message that quotes user input must not pass it
_MAX_DETAIL = 500


def to_status(error: TelegradError) -> status_pb2.Status:
    """The wire form of an error."""
    entry = TABLE[type(error)]
    info = error_details_pb2.ErrorInfo(reason=entry.reason, domain=DOMAIN)
    for name, value in list(error.details.items())[:16]:
        info.metadata[name] = str(value)[:_MAX_DETAIL]
    status = status_pb2.Status(code=entry.code, message=error.message[:_MAX_TEXT])
    status.details.add().Pack(info)
    return status


def from_status(status: status_pb2.Status) -> TelegradError:
    """The error that a wire form stands for; one of an unknown reason becomes an InternalError."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            break
    kind = BY_REASON.get(info.reason)
    if kind is None:
        return InternalError(f"the server answered with an unknown error: {status.message}", code=status.code)
    return kind(status.message, **dict(info.metadata))
