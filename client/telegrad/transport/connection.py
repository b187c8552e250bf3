"""One gRPC connection to a server: a session's stream, and the calls beside it. Its errors are telegrad's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Timer
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.message import DecodeError

from telegrad.transport.base import Progress
from telegrad.transport.channels import metadata_of, open_channel, translate
from telegrad.transport.watch import BulkWatch
from telegrad_proto.channel import SERVICE
from telegrad_proto.codec import decode_spec
from telegrad_proto.envelope import enclose, enclosed
from telegrad_proto.errors import PayloadError, ServerUnavailableError, TelegradError
from telegrad_proto.payload import Assembly, windows_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2, session_pb2_grpc, tensor_pb2

_T = TypeVar("_T")

_POLL_S: Final = 0.2
_CLOSE_S: Final = 2.0
_HAND_OVER_S: Final = 0.005


class Stream:
    """One call of Attach: a queue that gRPC sends from, and the call that answers are read from."""

    __slots__ = ("_call", "_idle", "_queue")

    def __init__(self, channel: grpc.Channel, metadata: Any) -> None:
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._idle: SimpleQueue[None] = SimpleQueue()
        # Bytes as they are: fragments are kept as sent, to be sent again the same.
        attach: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(f"/{SERVICE}/Attach")
        self._call = attach(_requests(self._queue, self._idle), metadata=metadata)

    def send(self, request: bytes) -> None:
        """Sends a serialized Request; does not wait for an answer.

        It does wait, for a moment at most, until gRPC's sending thread has sent the message. That one needs
        the interpreter's lock, which this thread would keep while it goes on: so the message is on its way
        some tens of microseconds sooner, and what this thread does next happens while the server works.
        """
        idle = self._idle
        while not idle.empty():
            idle.get()
        self._queue.put(request)
        with suppress(Empty):
            idle.get(timeout=_HAND_OVER_S)

    def read(self) -> bytes:
        """The next serialized Reply. An interrupted read cannot be taken up again: end the stream then.

        Raises:
            ServerUnavailableError: the stream or the connection ended.
        """
        try:
            return next(self._call)
        except grpc.RpcError as error:
            raise translate(error) from None
        except StopIteration:
            raise ServerUnavailableError("the server ended the stream") from None

    def read_within(self, timeout_s: float) -> session_pb2.Reply:
        """The next Reply, if it comes in time.

        Raises:
            ServerUnavailableError: it did not, or what came is none.
        """
        timer = Timer(timeout_s, self.cancel)
        timer.daemon = True
        timer.start()
        try:
            return session_pb2.Reply.FromString(self.read())
        except DecodeError:
            raise ServerUnavailableError("what answers is no telegrad server") from None
        finally:
            timer.cancel()

    def when_lost(self, tell: Callable[[Stream], None]) -> None:
        """Has `tell` called, from gRPC's thread, when the call ends; at once if it has."""
        if not self._call.add_callback(lambda: tell(self)):
            tell(self)

    def cancel(self) -> None:
        """Makes a read in another thread end."""
        self._call.cancel()

    def end(self, *, close_session: bool = False) -> None:
        """Ends the call, and gRPC's sending thread, which waits in the queue.

        Args:
            close_session: has the server free the session at once. If it does not hear, the lease ends it.
        """
        if close_session:
            self.send(session_pb2.Request(close=session_pb2.Close()).SerializeToString())
            with suppress(TelegradError):
                while not self.read_within(_CLOSE_S).HasField("closed"):
                    pass
        self._queue.put(None)
        self._call.cancel()


def _requests(queue: SimpleQueue[bytes | None], idle: SimpleQueue[None]) -> Iterator[bytes]:
    """What gRPC's sending thread is to send; each time that it comes for the next, it says so."""
    while True:
        idle.put(None)
        request = queue.get()
        if request is None:
            return
        yield request


class Connection:
    """A channel to one address.

    Args:
        address: "host:port".
        session_id: the session that calls are for; empty until it has begun.
        token: presented with every call, if given.
        progress: told about large arrays; None for silence.
    """

    def __init__(
        self, address: str, session_id: str = "", *, token: str | None, progress: Progress | None
    ) -> None:
        self.address = address
        self.session_id = session_id
        self._token = token
        self._progress = progress
        self._channel = open_channel(address)
        self._stub = session_pb2_grpc.SessionStub(self._channel)
        # Large arrays as bytes: a message would copy them.
        self._put: grpc.StreamUnaryMultiCallable[bytes, tensor_pb2.PutReply] = self._channel.stream_unary(
            f"/{SERVICE}/Put", response_deserializer=tensor_pb2.PutReply.FromString
        )
        self._get: grpc.UnaryStreamMultiCallable[tensor_pb2.GetRequest, bytes] = self._channel.unary_stream(
            f"/{SERVICE}/Get", request_serializer=tensor_pb2.GetRequest.SerializeToString
        )

    def stream(self) -> Stream:
        """A new stream of the session."""
        return _invoked(lambda: Stream(self._channel, metadata_of(self._token, self.session_id)))

    def put(self, digest: bytes, view: memoryview) -> None:
        """Sends a payload of contiguous bytes."""
        sent = 0

        def chunks() -> Iterator[bytes]:
            nonlocal sent
            header = tensor_pb2.PutHeader(session_id=self.session_id, digest=digest, size_bytes=view.nbytes)
            yield tensor_pb2.PutChunk(header=header).SerializeToString()
            for piece in windows_of(view):
                yield enclose(piece)
                sent += len(piece)

        metadata = metadata_of(self._token, self.session_id)
        call = _invoked(lambda: self._put.future(chunks(), metadata=metadata))
        with BulkWatch(self._progress, "upload", view.nbytes) as watch:
            try:
                reply = None
                while reply is None:
                    try:
                        reply = call.result(timeout=_POLL_S)
                    except grpc.FutureTimeoutError:
                        watch.show(sent)
            except (grpc.RpcError, grpc.FutureCancelledError) as error:
                raise translate(error) from None
            finally:
                call.cancel()  # after an interruption; otherwise it has ended
        if reply.received_bytes != view.nbytes:
            raise PayloadError(f"put: sent {view.nbytes} bytes, the server has {reply.received_bytes}")

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A value: what it is, and its bytes."""
        request = tensor_pb2.GetRequest(session_id=self.session_id, value_id=value_id)
        call = _invoked(lambda: self._get(request, metadata=metadata_of(self._token, self.session_id)))
        try:
            header = tensor_pb2.GetChunk.FromString(next(call)).header
            spec = decode_spec(header.spec)
            assembly = Assembly(header.size_bytes)
            with BulkWatch(self._progress, "download", header.size_bytes) as watch:
                for raw in call:
                    data = enclosed(raw)
                    if data is None:  # written in another way, or the end
                        chunk = tensor_pb2.GetChunk.FromString(raw)
                        if chunk.WhichOneof("part") == "trailer":
                            return spec, assembly.finish(chunk.trailer.digest)
                        data = memoryview(chunk.data)
                    assembly.write(data)
                    watch.show(assembly.received_bytes)
        except grpc.RpcError as error:
            raise translate(error) from None
        except DecodeError:
            raise PayloadError(f"get: value {value_id} came in messages that are no GetChunk") from None
        except StopIteration:
            pass
        finally:
            call.cancel()
        raise PayloadError(f"get: value {value_id} ended before its digest")

    def missing(self, digests: list[bytes]) -> list[bytes]:
        """Those of the payloads that the server does not have."""
        request = tensor_pb2.MissingRequest(session_id=self.session_id, digests=digests)
        return list(self._ask(self._stub.Missing, request).digests)

    def cancel(self, seq: int, timeout_s: float | None = None) -> bool:
        """Stops the evaluation of fragments up to this one; whether one was running."""
        request = session_pb2.CancelRequest(session_id=self.session_id, seq=seq)
        return bool(self._ask(self._stub.Cancel, request, timeout_s).was_running)

    def residuals(self) -> session_pb2.ResidualsReply:
        """What the server keeps for later backward passes."""
        request = session_pb2.ResidualsRequest(session_id=self.session_id)
        reply: session_pb2.ResidualsReply = self._ask(self._stub.Residuals, request)
        return reply

    def close(self) -> None:
        """Ends every call and the connection."""
        self._channel.close()

    def _ask(self, method: Any, request: Any, timeout_s: float | None = None) -> Any:
        metadata = metadata_of(self._token, self.session_id)
        try:
            return _invoked(lambda: method(request, metadata=metadata, timeout=timeout_s))
        except grpc.RpcError as error:
            raise translate(error) from None


def _invoked(call: Callable[[], _T]) -> _T:
    """What a call gives.

    Raises:
        ServerUnavailableError: another thread has closed the connection, to open another, or for good.
    """
    try:
        return call()
    except ValueError as error:
        raise ServerUnavailableError(f"the connection was closed on this side ({error})") from None
