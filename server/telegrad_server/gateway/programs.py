"""Relays calls of programs: to the worker with the fewest under way, and to another if that one is lost.

A call is pure, so one that may have been computed already is simply made again. What the client sends is
kept until the call ends, up to a bound a call and one for all; what is beyond is passed on as it is taken,
and the client has to send it again itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import grpc

from telegrad_proto.channel import PROGRAMS_SERVICE, REQUEST_ID_KEY, TOKEN_KEY
from telegrad_proto.errors import ServerUnavailableError
from telegrad_server.gateway.directory import Directory
from telegrad_server.gateway.guard import Context, guarded, is_plain

_EOF: Final = grpc.aio.EOF
_PASSED_ON: Final = (REQUEST_ID_KEY, TOKEN_KEY)

#: Bytes of one call that are kept to be sent again.
KEPT_BYTES: Final = 16 * 1024 * 1024

#: Bytes of all calls that are kept: a gateway beside its workers has no more to spare.
ALL_KEPT_BYTES: Final = 256 * 1024 * 1024

_LOST: Final = "the worker that computed this call is gone"

#: What a worker says that has no room, or ends: another may do.
_ELSEWHERE: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


class Room:
    """What all calls under way may keep together."""

    def __init__(self, size_bytes: int = ALL_KEPT_BYTES) -> None:
        self.left_bytes = size_bytes

    def take(self, size_bytes: int) -> bool:
        """Whether there was room for so much; it is taken then."""
        if size_bytes > self.left_bytes:
            return False
        self.left_bytes -= size_bytes
        return True

    def give(self, size_bytes: int) -> None:
        """Somebody keeps so much no more."""
        self.left_bytes += size_bytes


class Upload:
    """What the client sends, for as many workers as it takes.

    Args:
        room: shared with the other calls; without it what comes is read as fast as a worker takes it.
        kept_bytes: no more than so much of it is for this call.

    Attributes:
        repeatable: all of it is still here.
    """

    def __init__(self, room: Room, kept_bytes: int = KEPT_BYTES) -> None:
        self.repeatable = True
        self._room = room
        self._most_bytes = kept_bytes
        self._messages: list[bytes] = []
        self._dropped = 0
        self._kept_bytes = 0
        self._sent = 0
        self._ended = False
        self._changed = asyncio.Condition()

    async def fill(self, context: Context) -> None:
        """Takes in what comes, until the client has sent everything."""
        while (message := await context.read()) is not _EOF:
            async with self._changed:
                self._messages.append(message)
                kept = self._keeps(len(message))
                self._changed.notify_all()
                if not kept:
                    count = self._dropped + len(self._messages)
                    await self._changed.wait_for(partial(self._sent_up_to, count))
                    self.repeatable = False
                    self._dropped = count
                    self.drop()
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _keeps(self, size_bytes: int) -> bool:
        if self._kept_bytes + size_bytes > self._most_bytes or not self._room.take(size_bytes):
            return False
        self._kept_bytes += size_bytes
        return True

    def drop(self) -> None:
        """Keeps nothing any more."""
        self._room.give(self._kept_bytes)
        self._kept_bytes = 0
        self._messages.clear()

    async def send(self, call: Any) -> None:
        """Sends everything from the beginning, as it comes."""
        position = self._sent = 0
        while True:
            async with self._changed:
                self._sent = position
                self._changed.notify_all()
                await self._changed.wait_for(partial(self._known_up_to, position))
                if position >= self._total:
                    break
                message = self._messages[position - self._dropped]
            await call.write(message)
            position += 1
        await call.done_writing()

    def _sent_up_to(self, position: int) -> bool:
        return self._sent >= position

    def _known_up_to(self, position: int) -> bool:
        return self._ended or position < self._total

    @property
    def _total(self) -> int:
        return self._dropped + len(self._messages)


class ProgramRelay:
    """The method, for an asynchronous gRPC server."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._under_way: Counter[str] = Counter()
        self._room = Room()
        self._calls = 0

    def handlers(self) -> grpc.GenericRpcHandler:
        """The method for `add_generic_rpc_handlers`; without serializers, so that nothing is parsed."""
        method: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(guarded(self.call))
        return grpc.method_handlers_generic_handler(PROGRAMS_SERVICE, {"Call": method})

    async def call(self, _requests: object, context: Context) -> None:
        """One call, made until a worker answers it or none is left."""
        upload = Upload(self._room)
        filling = asyncio.ensure_future(upload.fill(context))
        try:
            await self._anywhere(upload, context)
        finally:
            filling.cancel()
            try:
                with contextlib.suppress(asyncio.CancelledError, grpc.RpcError, grpc.aio.AioRpcError):
                    await filling
            finally:
                upload.drop()  # whatever reading raised: the room is everybody's

    async def _anywhere(self, upload: Upload, context: Context) -> None:
        error: Exception | None = None
        for slot, address in self._workers():
            answer = _Answer(context)
            self._under_way[slot] += 1
            try:
                await self._at(address, upload, answer, context)
                return
            except grpc.aio.AioRpcError as failure:
                if not _may_pass(failure):
                    raise
                if is_plain(failure):
                    self._directory.hurry()  # not the worker said so: it may be gone
                error = ServerUnavailableError(_LOST) if is_plain(failure) else failure
                if answer.begun or not upload.repeatable:
                    raise error from None
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                # Not this call was cancelled: the connection below it was closed, for the worker is gone.
                error = ServerUnavailableError(_LOST)
                if answer.begun or not upload.repeatable:
                    raise error from None
            finally:
                self._under_way[slot] -= 1
        raise error or ServerUnavailableError("no worker is ready to compute calls of programs")

    def _workers(self) -> Sequence[tuple[str, str]]:
        """Slots and addresses of the workers that live, the one with the fewest calls under way first."""
        ready = [(slot, address) for slot, address, state, _ in self._directory.workers() if state == "ready"]
        self._calls += 1
        turn = self._calls % max(1, len(ready))
        # Among equals each in its turn.
        return sorted([*ready[turn:], *ready[:turn]], key=lambda worker: self._under_way[worker[0]])

    async def _at(self, address: str, upload: Upload, answer: _Answer, context: Context) -> None:
        channel = self._directory.prober.channel(address)
        metadata = tuple(
            (key, value) for key, value in context.invocation_metadata() or () if key in _PASSED_ON
        )
        call: Any = channel.stream_stream(f"/{PROGRAMS_SERVICE}/Call")(
            metadata=metadata, timeout=context.time_remaining()
        )
        upward = asyncio.ensure_future(upload.send(call))
        try:
            while (reply := await call.read()) is not _EOF:
                await answer.write(reply)
        finally:
            upward.cancel()
            call.cancel()  # a dropped call is never ended by itself
            with contextlib.suppress(
                asyncio.CancelledError, grpc.aio.AioRpcError, grpc.RpcError, asyncio.InvalidStateError
            ):
                await upward


def _may_pass(failure: grpc.aio.AioRpcError) -> bool:
    return is_plain(failure) or failure.code() in _ELSEWHERE


class _Answer:
    """What goes back to the client; `begun`: it has the first part, and another worker's would not fit it."""

    __slots__ = ("_context", "begun")

    def __init__(self, context: Context) -> None:
        self._context = context
        self.begun = False

    async def write(self, reply: bytes) -> None:
        self.begun = True
        await self._context.write(reply)
