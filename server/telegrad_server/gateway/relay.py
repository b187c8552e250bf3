"""Relays the calls of telegrad.v1.Session: bytes in, bytes out, on the way that a session's id names."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc

from telegrad_proto.channel import REQUEST_ID_KEY, SERVICE, SESSION_KEY, TOKEN_KEY
from telegrad_proto.errors import (
    CapacityError,
    ProtocolError,
    ServerUnavailableError,
    SessionNotFoundError,
    TelegradError,
)
from telegrad_server.gateway.directory import Directory
from telegrad_server.gateway.guard import Context, guarded, is_plain

Channel = grpc.aio.Channel

#: What a worker is told of a call; the rest of the metadata is gRPC's own.
_PASSED_ON: Final = (SESSION_KEY, REQUEST_ID_KEY, TOKEN_KEY)
_EOF: Final = grpc.aio.EOF

#: How long the worker of a session may take to answer a new stream, before another one takes the session up.
_ANSWER_S: Final = 4.0


class _Stream:
    """A relayed Attach; `owed` counts the requests whose replies are still to come."""

    __slots__ = ("draining", "owed", "task")

    def __init__(self) -> None:
        self.task = asyncio.current_task()
        self.owed = 0
        self.draining = False


class Relay:
    """The methods, for an asynchronous gRPC server."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._streams: set[_Stream] = set()
        self._draining = False

    def handlers(self) -> grpc.GenericRpcHandler:
        """The methods for `add_generic_rpc_handlers`; without serializers, so that nothing is parsed."""
        methods: dict[str, Any] = {
            "Attach": grpc.stream_stream_rpc_method_handler(guarded(self.attach)),
            "Put": grpc.stream_unary_rpc_method_handler(guarded(self.put)),
            "Get": grpc.unary_stream_rpc_method_handler(guarded(self.get)),
        }
        for name in ("Missing", "Cancel", "Residuals"):
            methods[name] = grpc.unary_unary_rpc_method_handler(guarded(self._unary(name)))
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def drain(self) -> None:
        """Ends the streams whose clients wait for nothing, and the others when they have their answers."""
        self._draining = True
        for stream in self._streams:
            stream.draining = True
            if stream.owed == 0 and stream.task is not None:
                stream.task.cancel()

    async def attach(self, _requests: object, context: Context) -> None:
        """A session's stream: to the worker that its id names, or for a new session to one that has room."""
        stream = _Stream()
        self._streams.add(stream)
        try:
            metadata = _metadata(context)
            session_id = _session_id(metadata)
            opening = await context.read()
            if opening is _EOF:
                raise ProtocolError("a stream begins with an Open message")
            stream.owed = 1
            if session_id:
                call, opened = await self._find(session_id, opening, metadata)
            else:
                call, opened = await self._place(opening, metadata)
            try:
                stream.owed = 0
                await context.write(opened)
                await self._splice(stream, context, call)
            finally:
                call.cancel()  # a dropped call is never ended by itself
        except grpc.aio.AioRpcError as error:
            if is_plain(error) or error.code() is grpc.StatusCode.UNAVAILABLE:
                self._directory.hurry()  # the client comes back at once, and then it must be known who lives
            raise
        except asyncio.CancelledError:
            if stream.draining:
                raise _going_away() from None
            if stream.task is None or stream.task.cancelling():
                raise
            # Not this call was cancelled: the connection below it was closed, for the worker is gone.
            raise ServerUnavailableError("the worker of this session is gone") from None
        finally:
            self._streams.discard(stream)

    async def put(self, _requests: object, context: Context) -> bytes:
        """A payload, on its way to the worker."""
        metadata = _metadata(context)
        channel = self._directory.holder(_session_id(metadata))
        call = _method(channel.stream_unary, "Put")(metadata=metadata, timeout=context.time_remaining())
        try:
            while (chunk := await context.read()) is not _EOF:
                await call.write(chunk)
            await call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # the worker has ended the call, and its answer says why
        except asyncio.CancelledError:
            call.cancel()
            raise
        try:
            reply: bytes = await call
            return reply
        finally:
            call.cancel()

    async def get(self, request: bytes, context: Context) -> None:
        """A value, on its way to the client."""
        metadata = _metadata(context)
        channel = self._directory.holder(_session_id(metadata))
        call = _method(channel.unary_stream, "Get")(
            request, metadata=metadata, timeout=context.time_remaining()
        )
        try:
            while (chunk := await call.read()) is not _EOF:
                await context.write(chunk)
        finally:
            call.cancel()

    def _unary(self, name: str) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def relay(request: bytes, context: Context) -> bytes:
            metadata = _metadata(context)
            channel = self._directory.holder(_session_id(metadata))
            call = _method(channel.unary_unary, name)(
                request, metadata=metadata, timeout=context.time_remaining()
            )
            try:
                reply: bytes = await call
                return reply
            finally:
                call.cancel()

        return relay

    async def _find(self, session_id: str, opening: bytes, metadata: Any) -> tuple[Any, bytes]:
        """A stream to the session's worker, else to another one, which makes the session again if it can.

        It does not matter whether the first is dead, frozen or out of reach: whoever has the session in an
        older epoch has lost it.
        """
        channel: Channel | None = None
        lost: TelegradError | grpc.aio.AioRpcError
        try:
            if session_id.startswith("."):
                channel = await self._directory.named(session_id)
            channel = channel or self._directory.holder(session_id)
            call = self._call(channel, metadata)
            return call, await asyncio.wait_for(_exchange(call, opening), _ANSWER_S)
        except (ServerUnavailableError, SessionNotFoundError) as error:
            lost = error
        except TimeoutError:
            lost = ServerUnavailableError(f"the worker of session {session_id} does not answer")
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            lost = error
        try:
            return await self._place(opening, metadata, besides=channel)
        except (grpc.aio.AioRpcError, CapacityError, ServerUnavailableError) as error:
            code = error.code() if isinstance(error, grpc.aio.AioRpcError) else None
            if code is grpc.StatusCode.NOT_FOUND:
                # Nobody else can help: the session may still be where it was, or is gone.
                raise lost from None
            if code in (None, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE):
                reason = error.details() if isinstance(error, grpc.aio.AioRpcError) else error
                raise ServerUnavailableError(
                    f"no worker can take session {session_id} up now: {reason}"
                ) from None
            raise

    async def _place(
        self, opening: bytes, metadata: Any, besides: Channel | None = None
    ) -> tuple[Any, bytes]:
        """A stream to a worker that has taken the session, with the worker's first reply."""
        if self._draining:
            raise _going_away()
        error: grpc.aio.AioRpcError | None = None
        for slot, channel in self._directory.candidates():
            if channel is besides:
                continue
            call = self._call(channel, metadata)
            try:
                with self._directory.placing(slot):
                    return call, await _exchange(call, opening)
            except grpc.aio.AioRpcError as refusal:
                # Full or gone since the last probe: the next one may do.
                if not is_plain(refusal) and refusal.code() not in (
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    grpc.StatusCode.UNAVAILABLE,
                ):
                    raise
                error = refusal
        raise error or CapacityError("no worker")

    async def _splice(self, stream: _Stream, context: Context, call: Any) -> None:
        """Carries requests and replies until one side ends."""

        async def carry_requests() -> None:
            while (request := await context.read()) is not _EOF:
                stream.owed += 1
                await call.write(request)
            await call.done_writing()

        upward = asyncio.ensure_future(carry_requests())
        try:
            while (reply := await call.read()) is not _EOF:
                await context.write(reply)
                stream.owed -= 1
                if stream.draining and stream.owed <= 0:
                    raise _going_away()
        finally:
            upward.cancel()
            with contextlib.suppress(
                asyncio.CancelledError, grpc.aio.AioRpcError, grpc.RpcError, asyncio.InvalidStateError
            ):
                await upward

    @staticmethod
    def _call(channel: Channel, metadata: Any) -> Any:
        return _method(channel.stream_stream, "Attach")(metadata=metadata)


def _method(make: Any, name: str) -> Any:
    """A worker's method, on serialized messages."""
    return make(f"/{SERVICE}/{name}")


async def _exchange(call: Any, opening: bytes) -> bytes:
    """The first reply to the first request; the call is ended where it brings none."""
    try:
        # A call that is refused at once fails here or at the read, which alone knows why.
        with contextlib.suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):
            await call.write(opening)
        opened = await call.read()
        if opened is _EOF:
            raise ServerUnavailableError("the worker ended the stream")
        reply: bytes = opened
        return reply
    except BaseException:
        call.cancel()
        raise


def _going_away() -> TelegradError:
    return ServerUnavailableError("this gateway is shutting down; the session goes on through another")


def _metadata(context: Context) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((key, value) for key, value in context.invocation_metadata() or () if key in _PASSED_ON)


def _session_id(metadata: tuple[tuple[str, str | bytes], ...]) -> str:
    return next((str(value) for key, value in metadata if key == SESSION_KEY), "")
