"""What every call passes through, over real gRPC."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from telegrad_proto.errors import AccessError, InternalError, SessionNotFoundError
from telegrad_proto.status import STATUS_DETAILS_KEY, from_status
from telegrad_proto.v1 import session_pb2, session_pb2_grpc, tensor_pb2
from tests.server.fakes import CLOSE, FakeEngine, FakeWorker, converse, fake_worker, opening, raw_channel

TOKEN = "correct-horse-battery"
RIGHT = (("authorization", f"Bearer {TOKEN}"),)
WRONG = (("authorization", "Bearer incorrect-horse"),)


@pytest.fixture(scope="module")
def worker() -> Iterator[FakeWorker]:
    with fake_worker(token=TOKEN) as worker:
        yield worker


@pytest.fixture
def channel(worker: FakeWorker) -> Iterator[grpc.Channel]:
    with raw_channel(worker.address) as channel:
        yield channel


def error_of(error: grpc.RpcError) -> Exception:
    assert isinstance(error, grpc.Call)
    details = dict(error.trailing_metadata() or ())[STATUS_DETAILS_KEY]
    assert isinstance(details, bytes)
    return from_status(status_pb2.Status.FromString(details))


@pytest.mark.parametrize("metadata", [(), WRONG], ids=["no token", "wrong token"])
def test_every_kind_of_call_is_turned_away(channel: grpc.Channel, worker: FakeWorker, metadata: Any) -> None:
    stub = session_pb2_grpc.SessionStub(channel)
    calls = [
        lambda: converse(channel, [opening(), CLOSE], metadata),
        lambda: stub.Put(iter([tensor_pb2.PutChunk()]), metadata=metadata),
        lambda: list(stub.Get(tensor_pb2.GetRequest(), metadata=metadata)),
        lambda: stub.Cancel(session_pb2.CancelRequest(), metadata=metadata),
    ]
    made = len(worker.engines)
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert type(error_of(caught.value)) is AccessError
    assert len(worker.engines) == made, "nothing was begun"


def test_the_right_token_comes_in(channel: grpc.Channel) -> None:
    assert len(converse(channel, [opening(), CLOSE], RIGHT)) == 2


def test_health_needs_no_token(channel: grpc.Channel) -> None:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_known_error_becomes_its_status(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        converse(channel, [opening("w.none")], RIGHT)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert type(error_of(caught.value)) is SessionNotFoundError


def test_a_defect_becomes_an_incident_that_names_the_request(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (reply,) = converse(channel, [opening()], RIGHT)

    def fail(_: FakeEngine) -> session_pb2.ResidualsReply:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(FakeEngine, "residuals", fail)
    request = session_pb2.ResidualsRequest(session_id=reply.opened.session_id)
    with caplog.at_level(logging.ERROR, logger="telegrad.server"), pytest.raises(grpc.RpcError) as caught:
        session_pb2_grpc.SessionStub(channel).Residuals(
            request, metadata=(*RIGHT, ("x-request-id", "request-42"))
        )
    error = error_of(caught.value)
    assert isinstance(error, InternalError)
    assert "secret" not in str(error)
    assert error.details["incident"] in caplog.text
    assert "request-42" in caplog.text
    assert "secret detail" in caplog.text


def test_an_unknown_method_is_unknown(channel: grpc.Channel) -> None:
    method: Any = channel.unary_unary("/telegrad.v1.Session/Other")
    with pytest.raises(grpc.RpcError) as caught:
        method(b"", metadata=RIGHT)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
