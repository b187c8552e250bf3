"""One connection: what gRPC's errors become."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from telegrad.transport.connection import Connection
from telegrad_proto.channel import SERVICE
from telegrad_proto.errors import (
    AccessError,
    CapacityError,
    DigestError,
    InternalError,
    PayloadError,
    ServerUnavailableError,
    TelegradError,
    VersionError,
)
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import session_pb2, tensor_pb2

Code = grpc.StatusCode


class Odd:
    """A server whose every method does what the test says."""

    def __init__(self) -> None:
        self.behavior: Any = None
        self.server = grpc.server(ThreadPoolExecutor(4))
        methods: dict[str, Any] = {
            "Attach": grpc.stream_stream_rpc_method_handler(self._call),
            "Put": grpc.stream_unary_rpc_method_handler(
                self._call, response_serializer=tensor_pb2.PutReply.SerializeToString
            ),
            "Get": grpc.unary_stream_rpc_method_handler(
                self._call, response_serializer=tensor_pb2.GetChunk.SerializeToString
            ),
            "Residuals": grpc.unary_unary_rpc_method_handler(self._call),
        }
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.address = f"127.0.0.1:{port}"

    def _call(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self.behavior(request, context)


@pytest.fixture
def odd() -> Iterator[Odd]:
    odd = Odd()
    yield odd
    odd.server.stop(None).wait()


@pytest.fixture
def connection(odd: Odd) -> Iterator[Connection]:
    connection = Connection(odd.address, token=None, progress=None)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Code.UNAVAILABLE, ServerUnavailableError),
        (Code.CANCELLED, ServerUnavailableError),
        (Code.UNKNOWN, ServerUnavailableError),
        (Code.RESOURCE_EXHAUSTED, CapacityError),
        (Code.UNAUTHENTICATED, AccessError),
        (Code.PERMISSION_DENIED, AccessError),
        (Code.UNIMPLEMENTED, VersionError),
        (Code.DATA_LOSS, InternalError),
    ],
)
def test_a_bare_status(odd: Odd, connection: Connection, code: Code, kind: type[TelegradError]) -> None:
    odd.behavior = lambda _, context: context.abort(code, "the words")
    with pytest.raises(kind, match="the words") as caught:
        connection.residuals()
    assert type(caught.value) is kind
    stream = connection.stream()
    with pytest.raises(kind, match="the words"):
        stream.read()
    stream.end()


def test_a_status_that_is_none(odd: Odd, connection: Connection) -> None:
    def behave(_: object, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(Code.INTERNAL, "the words")

    odd.behavior = behave
    with pytest.raises(InternalError, match="the words"):
        connection.residuals()


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    connection = Connection(f"127.0.0.1:{port}", token=None, progress=None)
    with pytest.raises(ServerUnavailableError, match="refused"):
        connection.residuals()
    connection.close()


def test_a_connection_that_another_thread_has_closed(connection: Connection) -> None:
    connection.close()
    for call in (
        connection.stream,
        connection.residuals,
        lambda: connection.missing([]),
        lambda: connection.put(b"digest", memoryview(b"data")),
        lambda: connection.get(1),
        lambda: connection.cancel(1),
    ):
        with pytest.raises(ServerUnavailableError, match="closed on this side"):
            call()


def test_a_server_that_says_nothing(odd: Odd, connection: Connection) -> None:
    odd.behavior = lambda requests, _: iter(list(requests))
    stream = connection.stream()
    with pytest.raises(ServerUnavailableError):
        stream.read_within(0.05)
    stream.end()


def test_a_server_that_talks_nonsense(odd: Odd, connection: Connection) -> None:
    odd.behavior = lambda *_: iter([b"\xff\xff"])
    stream = connection.stream()
    with pytest.raises(ServerUnavailableError, match="no telegrad server"):
        stream.read_within(60)
    stream.end()


def test_a_stream_that_ends(odd: Odd, connection: Connection) -> None:
    odd.behavior = lambda *_: iter([])
    stream = connection.stream()
    with pytest.raises(ServerUnavailableError, match="ended the stream"):
        stream.read()
    stream.end()


def chunks(*, size: int, data: bytes, digest: bytes | None) -> list[tensor_pb2.GetChunk]:
    spec = tensor_pb2.TensorSpec(dtype=tensor_pb2.UINT8, shape=[4])
    found = [tensor_pb2.GetChunk(header=tensor_pb2.GetHeader(spec=spec, size_bytes=size))]
    found.append(tensor_pb2.GetChunk(data=data))
    if digest is not None:
        found.append(tensor_pb2.GetChunk(trailer=tensor_pb2.GetTrailer(digest=digest)))
    return found


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (chunks(size=4, data=b"abc", digest=digest_of(b"abc")), PayloadError, "got 3"),
        (chunks(size=4, data=b"abcde", digest=digest_of(b"abcde")), PayloadError, "4 bytes announced"),
        (chunks(size=4, data=b"abcd", digest=digest_of(b"abcx")), DigestError, "digest"),
        (chunks(size=4, data=b"abcd", digest=None), PayloadError, "before its digest"),
        ([], PayloadError, "before its digest"),
    ],
    ids=["truncated", "oversized", "wrong digest", "no digest", "nothing"],
)
def test_a_value_that_does_not_fit_its_header(
    odd: Odd,
    connection: Connection,
    answer: list[tensor_pb2.GetChunk],
    kind: type[TelegradError],
    words: str,
) -> None:
    odd.behavior = lambda *_: iter(answer)
    with pytest.raises(kind, match=words):
        connection.get(1)


def test_a_value_that_fits(odd: Odd, connection: Connection) -> None:
    odd.behavior = lambda *_: iter(chunks(size=4, data=b"abcd", digest=digest_of(b"abcd")))
    spec, data = connection.get(1)
    assert (spec.shape, bytes(data)) == ((4,), b"abcd")


def test_a_server_that_got_less(odd: Odd, connection: Connection) -> None:
    def behave(requests: Iterator[bytes], _: object) -> tensor_pb2.PutReply:
        list(requests)
        return tensor_pb2.PutReply(received_bytes=3)

    odd.behavior = behave
    with pytest.raises(PayloadError, match="sent 4 bytes, the server has 3"):
        connection.put(digest_of(b"abcd"), memoryview(b"abcd"))


def test_what_every_call_carries(odd: Odd) -> None:
    seen: dict[str, str | bytes] = {}

    def behave(_: object, context: grpc.ServicerContext) -> bytes:
        seen.update(dict(context.invocation_metadata()))
        return session_pb2.ResidualsReply().SerializeToString()

    odd.behavior = behave
    connection = Connection(odd.address, token="secret", progress=None)
    connection.session_id = "w.1"
    connection.residuals()
    connection.close()
    assert seen["authorization"] == "Bearer secret"
    assert seen["telegrad-session"] == "w.1"
    assert len(seen["x-request-id"]) == 16
