"""Errors on their way out: a rich status for what is known, an incident id for what is not."""

from __future__ import annotations

import logging
import secrets
from typing import Final, NoReturn

import grpc

from telegrad_proto.errors import TABLE, InternalError, TelegradError
from telegrad_proto.status import STATUS_DETAILS_KEY, to_status

_log = logging.getLogger("telegrad.server")

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}

#: gRPC sends the text a second time beside the status; both must fit in 8 KiB of metadata. There a
#: character of the text takes up to 12 bytes (percent-encoded), the status a third more (base64).
_MAX_TEXT: Final = 200
_MAX_STATUS_TEXT: Final = 500
_MAX_STATUS_BYTES: Final = 4 * 1024


def incident(error: BaseException, where: str, request_id: str = "") -> InternalError:
    """What a caller is told of a defect: an id under which the log holds the rest."""
    number = secrets.token_hex(6)
    _log.error("incident %s in %s, request %s", number, where, request_id or "-", exc_info=error)
    return InternalError(
        f"the server failed in a way it did not foresee; its log has the details under incident {number}",
        incident=number,
    )


def wire_form(error: TelegradError) -> tuple[grpc.StatusCode, str, tuple[tuple[str, str | bytes], ...]]:
    """An error as gRPC carries it: code, text, trailing metadata with the rich status."""
    status = to_status(error)
    if status.ByteSize() > _MAX_STATUS_BYTES:
        status = to_status(type(error)(error.message[:_MAX_STATUS_TEXT]))
    text = error.message[:_MAX_TEXT]
    return _CODES[TABLE[type(error)].code], text, ((STATUS_DETAILS_KEY, status.SerializeToString()),)


def abort(context: grpc.ServicerContext, error: TelegradError) -> NoReturn:
    """Ends the call with the error."""
    code, text, trailing = wire_form(error)
    context.set_trailing_metadata(trailing)
    context.abort(code, text)
