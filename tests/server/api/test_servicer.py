"""The methods over real gRPC, with clients that do what ours would not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.channel import SERVICE
from telegrad_proto.errors import (
    DigestError,
    FragmentChangedError,
    FragmentGapError,
    InternalError,
    LimitError,
    PayloadError,
    ProtocolError,
    SessionNotFoundError,
    StructureError,
    TelegradError,
    VersionError,
)
from telegrad_proto.limits import CHUNK_BYTES, INLINE_BYTES, MAX_MESSAGE_BYTES
from telegrad_proto.payload import chunks_of, digest_of
from telegrad_proto.status import STATUS_DETAILS_KEY, from_status
from telegrad_proto.v1 import session_pb2, session_pb2_grpc, tensor_pb2
from tests.server.fakes import (
    CLOSE,
    DEFECT,
    FakeWorker,
    converse,
    fake_worker,
    fragment,
    opening,
    raw_channel,
)


@pytest.fixture(scope="module")
def worker() -> Iterator[FakeWorker]:
    with fake_worker() as worker:
        yield worker


@pytest.fixture
def channel(worker: FakeWorker) -> Iterator[grpc.Channel]:
    with raw_channel(worker.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> session_pb2_grpc.SessionStub:
    return session_pb2_grpc.SessionStub(channel)


@pytest.fixture
def session_id(channel: grpc.Channel) -> str:
    """A living session that no stream is attached to."""
    (reply,) = converse(channel, [opening()])
    return reply.opened.session_id


def error_of(error: grpc.RpcError) -> TelegradError:
    """The rich status of a failed call."""
    assert isinstance(error, grpc.Call)
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY:
            return from_status(status_pb2.Status.FromString(value))
    raise AssertionError(f"no rich status in {error}")


def test_the_server_introduces_itself(channel: grpc.Channel, worker: FakeWorker) -> None:
    opened, closed = converse(channel, [opening(), CLOSE])
    assert opened.opened.session_id.startswith(f"{worker.server.sessions.name}.")
    assert len(opened.opened.session_id.partition(".")[2]) == 32, "128 bits"
    assert (opened.opened.server_version, opened.opened.device) == (__version__, "cpu")
    assert (opened.opened.applied_seq, opened.opened.lease_s) == (0, 60.0)
    assert opened.opened.inline_limit_bytes == INLINE_BYTES
    assert opened.opened.direct_address == ""
    assert closed.HasField("closed")


def test_fragments_are_answered_in_order(channel: grpc.Channel) -> None:
    replies = converse(channel, [opening(), *(fragment(seq) for seq in range(1, 6)), CLOSE])
    assert [reply.outcome.seq for reply in replies[1:-1]] == [1, 2, 3, 4, 5]


def test_a_repeated_fragment_is_applied_once(channel: grpc.Channel, worker: FakeWorker) -> None:
    replies = converse(
        channel, [opening(), fragment(1), fragment(2), fragment(1), fragment(2), fragment(3), CLOSE]
    )
    assert worker.engines[-1].applied == [1, 2, 3]
    assert replies[3] == replies[1]
    assert replies[4] == replies[2]


def test_a_skipped_and_a_changed_fragment_change_nothing(channel: grpc.Channel, worker: FakeWorker) -> None:
    replies = converse(channel, [opening(), fragment(1), fragment(3), fragment(1, 5), fragment(2), CLOSE])
    kinds = [
        type(from_status(r.outcome.error)) if r.outcome.HasField("error") else None for r in replies[1:-1]
    ]
    assert kinds == [None, FragmentGapError, FragmentChangedError, None]
    assert [reply.outcome.seq for reply in replies[1:-1]] == [1, 3, 1, 2]
    assert worker.engines[-1].applied == [1, 2]


def test_a_defect_is_an_incident_and_the_session_goes_on(channel: grpc.Channel) -> None:
    replies = converse(channel, [opening(), fragment(1, DEFECT), fragment(2), CLOSE])
    error = from_status(replies[1].outcome.error)
    assert isinstance(error, InternalError)
    assert "secret" not in str(replies[1])
    assert not replies[2].outcome.HasField("error")


def test_a_session_is_taken_up_again(channel: grpc.Channel, worker: FakeWorker) -> None:
    first = converse(channel, [opening(), fragment(1), fragment(2)])
    name = first[0].opened.session_id
    second = converse(channel, [opening(name, answered_seq=1), fragment(2), fragment(3), CLOSE])
    assert second[0].opened.applied_seq == 2
    assert second[1] == first[2]
    assert worker.engines[-1].applied == [1, 2, 3]
    assert worker.engines[-1].closed


@pytest.mark.parametrize(
    ("requests", "kind", "words"),
    [
        ([opening(protocol=PROTOCOL + 1)], VersionError, "upgrade the server"),
        ([opening(protocol=0)], VersionError, "upgrade the client"),
        ([opening(opset_digest=b"\0" * 32)], VersionError, "different operators"),
        ([opening(opset_digest=b"")], VersionError, "different operators"),
        ([opening("w.0123")], SessionNotFoundError, "w.0123"),
        ([opening("\0" * 1000)], SessionNotFoundError, "not known"),
        ([fragment(1)], ProtocolError, "begins with an Open"),
        ([], ProtocolError, "begins with an Open"),
        ([b"\xff\xff\xff"], ProtocolError, "no Request"),
        ([opening(), opening()], ProtocolError, "carries fragments"),
        ([opening(), b"\xff"], ProtocolError, "no Request"),
        ([opening(), b""], ProtocolError, "carries fragments"),
    ],
)
def test_a_wrong_conversation_is_refused(
    channel: grpc.Channel, requests: list[session_pb2.Request | bytes], kind: type[TelegradError], words: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        converse(channel, requests)
    error = error_of(caught.value)
    assert type(error) is kind
    assert words in str(error)


def test_a_message_past_the_limit_is_refused_and_the_server_goes_on(channel: grpc.Channel) -> None:
    attach: Any = channel.stream_stream(f"/{SERVICE}/Attach")
    call = attach(iter([bytes(MAX_MESSAGE_BYTES + 1)]))
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(converse(channel, [opening(), CLOSE])) == 2


DATA = bytes(range(256)) * 8192 + b"end"  # more than two chunks


def put_messages(
    session_id: str, data: bytes, *, size: int | None = None, digest: bytes | None = None
) -> Iterator[tensor_pb2.PutChunk]:
    header = tensor_pb2.PutHeader(
        session_id=session_id,
        digest=digest_of(data) if digest is None else digest,
        size_bytes=len(data) if size is None else size,
    )
    yield tensor_pb2.PutChunk(header=header)
    for piece in chunks_of(data):
        yield tensor_pb2.PutChunk(data=piece)


def test_a_payload_arrives_once(
    stub: session_pb2_grpc.SessionStub, session_id: str, worker: FakeWorker
) -> None:
    digest = digest_of(DATA)
    question = tensor_pb2.MissingRequest(session_id=session_id, digests=[digest, b"other"])
    assert list(stub.Missing(question).digests) == [digest, b"other"]
    assert stub.Put(put_messages(session_id, DATA)).received_bytes == len(DATA)
    assert bytes(worker.engines[-1].payloads[digest]) == DATA
    assert list(stub.Missing(question).digests) == [b"other"]


def test_an_empty_payload_arrives(stub: session_pb2_grpc.SessionStub, session_id: str) -> None:
    assert stub.Put(put_messages(session_id, b"")).received_bytes == 0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"size": len(DATA) + 1}, PayloadError, f"{len(DATA) + 1} bytes announced, got {len(DATA)}"),
        ({"size": len(DATA) - 1}, PayloadError, f"{len(DATA) - 1} bytes announced"),
        ({"size": 2**60}, LimitError, "at most"),
        ({"digest": b"\0" * 32}, DigestError, "digest 0000"),
        ({"digest": b"short"}, PayloadError, "32 bytes"),
    ],
    ids=["truncated", "oversized", "too large", "wrong digest", "no digest"],
)
def test_a_wrong_payload_is_refused(
    stub: session_pb2_grpc.SessionStub,
    session_id: str,
    worker: FakeWorker,
    change: dict[str, object],
    kind: type[TelegradError],
    words: str,
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Put(put_messages(session_id, DATA, **change))  # type: ignore[arg-type]
    error = error_of(caught.value)
    assert type(error) is kind
    assert words in str(error)
    assert worker.engines[-1].payloads == {}


@pytest.mark.parametrize("case", ["nothing", "data first", "two headers"])
def test_a_put_out_of_order_is_refused(
    stub: session_pb2_grpc.SessionStub, session_id: str, case: str
) -> None:
    header, *data = put_messages(session_id, DATA)
    messages = {"nothing": [], "data first": [data[0], header], "two headers": [header, header]}[case]
    with pytest.raises(grpc.RpcError) as caught:
        stub.Put(iter(messages))
    assert type(error_of(caught.value)) is PayloadError


def test_a_value_leaves_in_chunks_with_its_digest(
    stub: session_pb2_grpc.SessionStub, session_id: str
) -> None:
    size = 2 * CHUNK_BYTES + 5
    header, *data, trailer = stub.Get(tensor_pb2.GetRequest(session_id=session_id, value_id=size))
    assert list(header.header.spec.shape) == [size]
    assert [len(chunk.data) for chunk in data] == [CHUNK_BYTES, CHUNK_BYTES, 5]
    assert trailer.trailer.digest == digest_of(b"".join(chunk.data for chunk in data))


def test_an_empty_value_leaves_without_chunks(stub: session_pb2_grpc.SessionStub, session_id: str) -> None:
    header, trailer = stub.Get(tensor_pb2.GetRequest(session_id=session_id, value_id=0))
    assert header.header.size_bytes == 0
    assert trailer.trailer.digest == digest_of(b"")


def test_a_value_that_is_not_there(stub: session_pb2_grpc.SessionStub, session_id: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Get(tensor_pb2.GetRequest(session_id=session_id, value_id=2**40)))
    assert type(error_of(caught.value)) is StructureError


def test_calls_beside_the_stream_need_a_session(stub: session_pb2_grpc.SessionStub) -> None:
    calls = [
        lambda: stub.Put(put_messages("w.none", DATA)),
        lambda: list(stub.Get(tensor_pb2.GetRequest(session_id="w.none", value_id=1))),
        lambda: stub.Missing(tensor_pb2.MissingRequest(session_id="w.none")),
        lambda: stub.Cancel(session_pb2.CancelRequest(session_id="w.none", seq=1)),
        lambda: stub.Residuals(session_pb2.ResidualsRequest()),
    ]
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert type(error_of(caught.value)) is SessionNotFoundError


def test_too_many_digests_are_refused(stub: session_pb2_grpc.SessionStub, session_id: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Missing(tensor_pb2.MissingRequest(session_id=session_id, digests=[b"d"] * 10_001))
    assert type(error_of(caught.value)) is PayloadError


def test_residuals_come_from_the_engine(stub: session_pb2_grpc.SessionStub, session_id: str) -> None:
    assert stub.Residuals(session_pb2.ResidualsRequest(session_id=session_id)).held_bytes == 0
