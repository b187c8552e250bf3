"""The methods of telegrad.v1.Session, on the sessions of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.channel import SERVICE
from telegrad_proto.codec import encode_spec
from telegrad_proto.envelope import enclose, enclosed
from telegrad_proto.errors import PayloadError, ProtocolError, VersionError
from telegrad_proto.limits import INLINE_BYTES
from telegrad_proto.payload import running_digest, windows_of
from telegrad_proto.v1 import session_pb2, tensor_pb2
from telegrad_server.api.ports import Sessions, Stream
from telegrad_server.core.epochs import Opening

_CLOSED: Final = session_pb2.Reply(closed=session_pb2.Closed()).SerializeToString()

#: Digests in one question: a client that has more asks again.
_MAX_DIGESTS: Final = 10_000

#: Ids of which a new client of a named session is told; of more, it does not let go.
_MAX_LIVE_IDS: Final = 100_000

#: Bytes of a client's id; ours have 16.
_ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says of itself when a session opens.

    Attributes:
        device: where the values live.
        opset_digest: which operators it knows.
        direct_address: where a client behind a gateway can reach it, or empty.
    """

    device: str
    opset_digest: bytes
    direct_address: str = ""


class SessionServicer:
    """Serves sessions to a synchronous gRPC server; an interceptor makes statuses of the errors it raises."""

    def __init__(self, sessions: Sessions, identity: Identity) -> None:
        self._sessions = sessions
        self._identity = identity

    def attach(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """One session's stream: Open and Opened, then fragments and their outcomes."""
        opening = _parse(next(requests, b""))
        if opening.WhichOneof("kind") != "open":
            raise ProtocolError("a stream begins with an Open message")
        check_versions(opening.open, self._identity)
        asked = _opening(opening.open)
        stream = self._sessions.attach(asked, context.cancel)
        if not context.add_callback(lambda: self._sessions.ended(stream)):
            self._sessions.ended(stream)  # the client is gone already
            return
        session = stream.session
        session.resume(opening.open.answered_seq)
        opened = self._opened(stream)
        if asked.named and opened.applied_seq:
            opened.notes, opened.last_id, live = session.recall()
            opened.live_ids.extend(live[:_MAX_LIVE_IDS])
        yield session_pb2.Reply(opened=opened).SerializeToString()
        if self._rest(stream):
            return
        for raw in requests:
            stream.idle = False
            request = _parse(raw)
            if request.HasField("fragment"):
                yield session.apply(raw, request.fragment)
            elif request.HasField("close"):
                self._sessions.close(stream)
                yield _CLOSED
                return
            else:
                raise ProtocolError("after its Open a stream carries fragments, and Close at the end")
            if self._rest(stream):
                return

    def put(self, chunks: Iterator[bytes], context: grpc.ServicerContext) -> tensor_pb2.PutReply:
        """Takes one payload: header, then data, exactly as many bytes as the header says."""
        first = _chunk(next(chunks, b""))
        if first.WhichOneof("part") != "header":
            raise PayloadError("put: requires a header first")
        header = first.header
        session = self._sessions.find(header.session_id)
        sink = session.put(header.digest, header.size_bytes)
        for raw in chunks:
            data = enclosed(raw)
            if data is None:  # written in another way, or something else
                chunk = _chunk(raw)
                if chunk.WhichOneof("part") != "data":
                    raise PayloadError("put: requires data after the header, got another header")
                data = memoryview(chunk.data)
            sink.write(data)
        session.finish(sink)
        return tensor_pb2.PutReply(received_bytes=header.size_bytes)

    def get(self, request: tensor_pb2.GetRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Sends one value: what it is, its bytes, their digest."""
        spec, data = self._sessions.find(request.session_id).get(request.value_id)
        header = tensor_pb2.GetHeader(spec=encode_spec(spec), size_bytes=data.nbytes)
        yield tensor_pb2.GetChunk(header=header).SerializeToString()
        digest = running_digest()
        for piece in windows_of(data):
            yield enclose(piece)
            digest.update(piece)
        trailer = tensor_pb2.GetTrailer(digest=digest.digest())
        yield tensor_pb2.GetChunk(trailer=trailer).SerializeToString()

    def missing(
        self, request: tensor_pb2.MissingRequest, context: grpc.ServicerContext
    ) -> tensor_pb2.MissingReply:
        """Which of the payloads are not here."""
        if len(request.digests) > _MAX_DIGESTS:
            raise PayloadError(f"missing: at most {_MAX_DIGESTS} digests, got {len(request.digests)}")
        session = self._sessions.find(request.session_id)
        return tensor_pb2.MissingReply(digests=session.missing(list(request.digests)))

    def cancel(
        self, request: session_pb2.CancelRequest, context: grpc.ServicerContext
    ) -> session_pb2.CancelReply:
        """Stops what is being evaluated."""
        session = self._sessions.find(request.session_id)
        return session_pb2.CancelReply(was_running=session.cancel(request.seq))

    def residuals(
        self, request: session_pb2.ResidualsRequest, context: grpc.ServicerContext
    ) -> session_pb2.ResidualsReply:
        """What is kept for later backward passes."""
        return self._sessions.find(request.session_id).residuals()

    def _rest(self, stream: Stream) -> bool:
        """Whether the stream is to end instead of waiting for its client; see `SessionHost.drain`."""
        stream.idle = True
        return self._sessions.draining

    def _opened(self, stream: Stream) -> session_pb2.Opened:
        return session_pb2.Opened(
            session_id=stream.session.session_id,
            server_version=__version__,
            device=self._identity.device,
            applied_seq=stream.session.applied_seq,
            lease_s=self._sessions.lease_s,
            direct_address=self._identity.direct_address,
            inline_limit_bytes=INLINE_BYTES,
            epoch=stream.session.epoch,
            durable=self._sessions.durable,
        )


def _opening(message: session_pb2.Open) -> Opening:
    return Opening(
        session_id=message.session_id,
        epoch=message.epoch,
        client_id=message.client_id[:_ID_BYTES],  # it is kept as long as the session
        journal_seq=message.journal_seq,
        answered_seq=message.answered_seq,
    )


def check_versions(message: session_pb2.Open, identity: Identity) -> None:
    """Nothing, where client and server fit.

    Raises:
        VersionError: they speak different protocols, or know different operators.
    """
    client, server = message.client_version or "unknown", __version__
    if message.protocol != PROTOCOL:
        older = "client (pip install -U telegrad)" if message.protocol < PROTOCOL else "server"
        raise VersionError(
            f"the client speaks protocol {message.protocol} (telegrad {client}), "
            f"the server protocol {PROTOCOL} (telegrad {server}): upgrade the {older}",
            client_protocol=message.protocol,
            server_protocol=PROTOCOL,
        )
    if message.opset_digest != identity.opset_digest:
        raise VersionError(
            f"client (telegrad {client}) and server (telegrad {server}) know different operators: "
            "install the same version on both sides",
            client_opset=message.opset_digest.hex()[:16],
            server_opset=identity.opset_digest.hex()[:16],
        )


def handlers(servicer: SessionServicer) -> grpc.GenericRpcHandler:
    """The methods for `add_generic_rpc_handlers`.

    The stream's messages stay bytes on both ways: a repeated fragment is told by the digest of its bytes,
    and a recorded outcome is sent as it is kept. So do the chunks of large arrays: a message would copy them.
    """
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Attach": grpc.stream_stream_rpc_method_handler(servicer.attach),
        "Put": grpc.stream_unary_rpc_method_handler(
            servicer.put, response_serializer=tensor_pb2.PutReply.SerializeToString
        ),
        "Get": grpc.unary_stream_rpc_method_handler(servicer.get, tensor_pb2.GetRequest.FromString),
        "Missing": grpc.unary_unary_rpc_method_handler(
            servicer.missing, tensor_pb2.MissingRequest.FromString, tensor_pb2.MissingReply.SerializeToString
        ),
        "Cancel": grpc.unary_unary_rpc_method_handler(
            servicer.cancel, session_pb2.CancelRequest.FromString, session_pb2.CancelReply.SerializeToString
        ),
        "Residuals": grpc.unary_unary_rpc_method_handler(
            servicer.residuals,
            session_pb2.ResidualsRequest.FromString,
            session_pb2.ResidualsReply.SerializeToString,
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _chunk(raw: bytes) -> tensor_pb2.PutChunk:
    try:
        return tensor_pb2.PutChunk.FromString(raw)
    except DecodeError:
        raise PayloadError(f"put: a message of {len(raw)} bytes that is no PutChunk") from None


def _parse(raw: bytes) -> session_pb2.Request:
    try:
        return session_pb2.Request.FromString(raw)
    except DecodeError:
        raise ProtocolError(f"a message of {len(raw)} bytes that is no Request") from None
