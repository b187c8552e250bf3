"""What every call of a worker passes through: the gate, a request id, errors into statuses."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import grpc

from telegrad_proto.channel import REQUEST_ID_KEY
from telegrad_proto.errors import TelegradError
from telegrad_server.api.access import Gate
from telegrad_server.api.faults import abort, incident

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Details = grpc.HandlerCallDetails
Continuation: TypeAlias = "Callable[[Details], Handler | None]"
Context = grpc.ServicerContext


class GateInterceptor(grpc.ServerInterceptor):
    """Turns away who has no token before anything of the request is read."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def intercept_service(self, continuation: Continuation, details: Details) -> Handler | None:
        refusal = self._gate.refusal(details.method, details.invocation_metadata)
        handler = continuation(details)
        if refusal is None or handler is None:
            return handler

        def refuse(_request: object, _context: Context) -> NoReturn:
            raise refusal

        return _with_behavior(handler, refuse)


class ErrorInterceptor(grpc.ServerInterceptor):
    """Lets servicers raise: what they raise becomes a status, and what nobody foresaw an incident id.

    The caller's request id, or a new one, names the call in the log and comes back in the trailing metadata.
    """

    def intercept_service(self, continuation: Continuation, details: Details) -> Handler | None:
        handler = continuation(details)
        if handler is None:
            return None
        behavior = _behavior(handler)
        method = details.method

        def whole(request: object, context: Context) -> object:
            request_id = _identify(context)
            try:
                return behavior(request, context)
            except Exception as error:  # noqa: BLE001  # a status is made of every one
                _end(context, error, method, request_id)
                return None

        def streamed(request: object, context: Context) -> Iterator[object]:
            request_id = _identify(context)
            try:
                yield from behavior(request, context)
            except Exception as error:  # noqa: BLE001
                _end(context, error, method, request_id)

        return _with_behavior(handler, streamed if handler.response_streaming else whole)


def _identify(context: Context) -> str:
    for key, value in context.invocation_metadata():
        if key == REQUEST_ID_KEY and isinstance(value, str) and len(value) <= 64:
            return value
    return secrets.token_hex(8)


def _end(context: Context, error: Exception, method: str, request_id: str) -> None:
    """Ends the call as the error says; returns only where nobody is listening any more."""
    if not context.is_active():
        return
    if not isinstance(error, TelegradError):
        error = incident(error, method, request_id)
    abort(context, error)


def _behavior(handler: Handler) -> Callable[[Any, Context], Any]:
    found = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    assert found is not None  # one of the four kinds of method
    return found


def _with_behavior(handler: Handler, behavior: Callable[[Any, Context], Any]) -> Handler:
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[handler.request_streaming, handler.response_streaming]
    wrapped: Handler = make(behavior, handler.request_deserializer, handler.response_serializer)
    return wrapped
