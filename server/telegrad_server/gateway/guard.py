"""Whatever a method of a gateway raises reaches the caller as a status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from telegrad_proto.errors import ServerUnavailableError, TelegradError
from telegrad_proto.status import STATUS_DETAILS_KEY
from telegrad_server.api.faults import incident, wire_form

Context = grpc.aio.ServicerContext[Any, Any]


def guarded(behavior: Callable[[Any, Context], Awaitable[Any]]) -> Callable[[Any, Context], Awaitable[Any]]:
    """The behavior with its errors made statuses: our own, the worker's as they are, and defects.

    INTERNAL in gRPC's own words is a worker that was lost: to the client it must not look like a defect.
    """

    async def run(request: Any, context: Context) -> Any:
        try:
            return await behavior(request, context)
        except grpc.aio.AioRpcError as error:
            trailing = tuple(
                (key, value) for key, value in error.trailing_metadata() or () if key == STATUS_DETAILS_KEY
            )
            code, text = error.code(), error.details() or ""
            if code is grpc.StatusCode.INTERNAL and is_plain(error):
                code, text, trailing = wire_form(ServerUnavailableError(f"the worker is gone: {text}"))
        except TelegradError as error:
            code, text, trailing = wire_form(error)
        except Exception as error:  # noqa: BLE001  # the caller gets an incident, the log the rest
            code, text, trailing = wire_form(incident(error, behavior.__qualname__))
        context.set_trailing_metadata(trailing)
        return await context.abort(code, text)

    return run


def is_plain(failure: grpc.aio.AioRpcError) -> bool:
    """Whether it is gRPC's own and not a worker's: a connection that was lost, whatever its code.

    A write on a call that has just ended makes it INTERNAL, over the status that was on its way.
    """
    return all(key != STATUS_DETAILS_KEY for key, _ in failure.trailing_metadata() or ())
