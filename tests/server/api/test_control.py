"""What a worker tells whoever looks after it, and the end that it can be told."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest

from telegrad_proto.channel import TOKEN_KEY, WORKER_SERVICE
from telegrad_proto.v1 import cluster_pb2
from tests.server.fakes import FakeWorker, converse, fake_worker, opening, raw_channel

TOKEN = "a token of some length"


def ask(worker: FakeWorker, name: str, request: Any, reply: Any, token: str = "") -> Any:
    metadata = ((TOKEN_KEY, f"Bearer {token}"),) if token else ()
    with raw_channel(worker.address) as channel:
        method = channel.unary_unary(
            f"/{WORKER_SERVICE}/{name}", type(request).SerializeToString, reply.FromString
        )
        return method(request, metadata=metadata, timeout=10)


def test_a_heartbeat_says_who_it_is_and_how_busy() -> None:
    with fake_worker(max_sessions=5) as worker:
        with raw_channel(worker.address) as channel:
            converse(channel, [opening()])
            converse(channel, [opening()])
        pulse = ask(worker, "Beat", cluster_pb2.BeatRequest(), cluster_pb2.Pulse)
        assert (pulse.name, pulse.serving) == (worker.server.sessions.name, True)
        assert (pulse.sessions, pulse.capacity, pulse.streams) == (2, 5, 0)
        listed = ask(worker, "ListSessions", cluster_pb2.ListSessionsRequest(), cluster_pb2.SessionList)
        assert [s.session_id.partition(".")[0] for s in listed.sessions] == [pulse.name] * 2
        assert not any(s.attached or s.running_seq for s in listed.sessions)


def test_who_has_no_token_learns_nothing() -> None:
    with fake_worker(token=TOKEN) as worker:
        with pytest.raises(grpc.RpcError) as caught:
            ask(worker, "Beat", cluster_pb2.BeatRequest(), cluster_pb2.Pulse)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert ask(worker, "Beat", cluster_pb2.BeatRequest(), cluster_pb2.Pulse, TOKEN).serving


def test_told_to_leave_it_ends_in_order_once() -> None:
    left = threading.Semaphore(0)
    with fake_worker(left=left.release) as worker:
        with raw_channel(worker.address) as channel:
            converse(channel, [opening()])
            leave = channel.unary_unary(
                f"/{WORKER_SERVICE}/Leave",
                cluster_pb2.LeaveRequest.SerializeToString,
                cluster_pb2.LeaveReply.FromString,
            )
            calls = [leave.future(cluster_pb2.LeaveRequest(grace_s=5), timeout=10) for _ in range(2)]
            replies = [call.result().sessions for call in calls if call.exception() is None]
        assert replies[:1] == [1]
        assert left.acquire(timeout=10)
        assert not left.acquire(blocking=False)
        assert worker.engines[0].freed.is_set()
