"""Errors on the wire: `google.rpc.Status` with an `ErrorInfo`, never a pickle, never a traceback."""

from __future__ import annotations

from google.rpc import error_details_pb2, status_pb2

from telegrad_proto.errors import BY_REASON, TABLE, InternalError, TelegradError

DOMAIN = "telegrad"

#: gRPC's trailing metadata key for a serialized Status.
STATUS_DETAILS_KEY = "grpc-status-details-bin"

# Trailing metadata is bounded at 8 KiB, in base64: a message that quotes user input must not pass it.
_MAX_TEXT_BYTES = 2_000
_MAX_DETAIL_BYTES = 200
_MAX_DETAILS = 16


def to_status(error: TelegradError) -> status_pb2.Status:
    """The wire form of an error."""
    entry = TABLE[type(error)]
    info = error_details_pb2.ErrorInfo(reason=entry.reason, domain=DOMAIN)
    for name, value in list(error.details.items())[:_MAX_DETAILS]:
        info.metadata[name] = _cut(str(value), _MAX_DETAIL_BYTES)
    status = status_pb2.Status(code=entry.code, message=_cut(error.message, _MAX_TEXT_BYTES))
    status.details.add().Pack(info)
    return status


def _cut(text: str, limit: int) -> str:
    # What is no text (half of a surrogate pair) becomes a question mark, and no letter is cut in two.
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def from_status(status: status_pb2.Status) -> TelegradError:
    """The error that a wire form stands for; one of an unknown reason becomes an InternalError."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN and info.reason in BY_REASON:
            return BY_REASON[info.reason](status.message, **dict(info.metadata))
    return InternalError(f"the server answered with an unknown error: {status.message}", code=status.code)
