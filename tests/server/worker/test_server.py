"""A worker's server: ports, draining, full house."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from telegrad_proto.channel import SERVICE
from telegrad_proto.v1 import session_pb2, session_pb2_grpc
from telegrad_server.worker.server import WorkerServer, WorkerSettings
from tests.server.fakes import BLOCK, FakeEngine, converse, fake_worker, fragment, opening, raw_channel


class Conversation:
    """An Attach that goes on."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._requests: list[bytes] = []
        self._more = threading.Semaphore(0)
        attach: Any = channel.stream_stream(f"/{SERVICE}/Attach")
        self.call = attach(self._iterate())
        self.opened = self.say(opening()).opened

    def _iterate(self) -> object:
        while True:
            self._more.acquire()
            request = self._requests.pop(0)
            if not request:
                return
            yield request

    def send(self, request: session_pb2.Request) -> None:
        self._requests.append(request.SerializeToString())
        self._more.release()

    def say(self, request: session_pb2.Request) -> session_pb2.Reply:
        self.send(request)
        return session_pb2.Reply.FromString(next(self.call))

    def end(self) -> None:
        self._requests.append(b"")
        self._more.release()
        self.call.cancel()


def test_a_taken_port_is_refused() -> None:
    with fake_worker() as worker:
        port = int(worker.address.rpartition(":")[2])
        second = WorkerServer(WorkerSettings(port=port), FakeEngine)
        with pytest.raises(OSError, match="cannot listen"):
            second.start()


def test_the_direct_address_is_handed_out() -> None:
    with fake_worker(direct_address=":") as worker, raw_channel(worker.address) as channel:
        assert converse(channel, [opening()])[0].opened.direct_address == worker.address
    with fake_worker(direct_address="elsewhere:1") as worker, raw_channel(worker.address) as channel:
        assert converse(channel, [opening()])[0].opened.direct_address == "elsewhere:1"


def test_each_worker_has_a_name_of_its_own() -> None:
    with fake_worker() as one, fake_worker() as two:
        assert one.server.sessions.name != two.server.sessions.name


def test_cancel_gets_through_when_every_session_computes() -> None:
    with fake_worker(max_sessions=3) as worker, raw_channel(worker.address) as channel:
        talks = [Conversation(channel) for _ in range(3)]
        for talk in talks:
            talk.send(fragment(1, BLOCK))
        for engine in worker.engines:
            assert engine.blocking.wait(60)
        with pytest.raises(grpc.RpcError) as caught:
            converse(channel, [opening()])
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        stub = session_pb2_grpc.SessionStub(channel)
        for talk in talks:
            request = session_pb2.CancelRequest(session_id=talk.opened.session_id, seq=1)
            assert stub.Cancel(request, timeout=10).was_running
        for talk in talks:
            assert session_pb2.Reply.FromString(next(talk.call)).outcome.HasField("error")
            talk.end()


def test_draining_lets_a_running_fragment_finish() -> None:
    with fake_worker() as worker, raw_channel(worker.address) as channel, ThreadPoolExecutor(1) as pool:
        idle, busy = Conversation(channel), Conversation(channel)
        busy.send(fragment(1, BLOCK))
        assert worker.engines[1].blocking.wait(60)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        drained = pool.submit(worker.server.drain, 30)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError):
            next(idle.call)
        assert not drained.done()
        worker.engines[1].cancel(1)
        assert session_pb2.Reply.FromString(next(busy.call)).outcome.seq == 1
        assert list(busy.call) == [], "the stream ends in order"
        watch.cancel()
        drained.result(60)
        assert all(engine.closed for engine in worker.engines)
        idle.end()
        busy.end()


def test_draining_does_not_wait_longer_than_its_grace() -> None:
    with fake_worker() as worker, raw_channel(worker.address) as channel:
        talk = Conversation(channel)
        talk.send(fragment(1, BLOCK))
        assert worker.engines[0].blocking.wait(60)
        worker.server.drain(0.05)
        assert worker.engines[0].closed
        with pytest.raises(grpc.RpcError):
            next(talk.call)
        talk.end()
