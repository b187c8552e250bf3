"""Connections and servers that go away, come back, freeze and restart, seen by a session over gRPC."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from telegrad.transport import channels
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.channel import CHANNEL_OPTIONS
from telegrad_proto.errors import (
    CancelledError,
    DeadlineError,
    ServerUnavailableError,
    SessionExpiredError,
    SessionNotFoundError,
)
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_server.api.ports import Stream
from telegrad_server.core.epochs import Opening
from tests.client.transport.fragments import DATA, applied, fragment
from tests.client.transport.proxy import Proxy
from tests.freezing import freeze
from tests.places import free_port, serving
from tests.server.fakes import BLOCK, LARGE, FakeWorker, fake_worker


def test_a_lost_connection_is_taken_up_again(
    transport: GrpcTransport, worker: FakeWorker, proxy: Proxy
) -> None:
    transport.send(fragment(1))
    transport.receive()
    for seq in range(2, 6):
        proxy.cut()
        transport.send(fragment(seq))
        assert transport.receive().seq == seq
    assert applied(worker) == [1, 2, 3, 4, 5]
    assert transport.traffic.reconnects == 4
    assert len(worker.engines) == 1


def attached(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the worker has let another stream in."""
    event = threading.Event()
    attach = worker.server.sessions.attach

    def tell(opening: Opening, cancel: Callable[[], object]) -> Stream:
        stream = attach(opening, cancel)
        event.set()
        return stream

    monkeypatch.setattr(worker.server.sessions, "attach", tell)
    return event


def lives_after_its_lease(worker: FakeWorker, session_id: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the worker still has the session when its clock has gone on for ten times the lease."""
    monkeypatch.setattr(worker.server.sessions, "_clock", lambda: time.monotonic() + 600)
    return worker.server.sessions.find(session_id) is not None and not worker.engines[0].closed


def test_a_session_that_nobody_uses_outlives_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker() as worker, Proxy(worker.address) as proxy:
        transport = GrpcTransport(proxy.address)
        session_id = transport.open().session_id
        for _ in range(3):
            event = attached(worker, monkeypatch)
            proxy.cut()
            assert event.wait(30), "nobody has asked for it"
        assert lives_after_its_lease(worker, session_id, monkeypatch)
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        assert len(worker.engines) == 1
        transport.close()


def test_a_session_that_was_closed_is_not_kept(worker: FakeWorker) -> None:
    transport = GrpcTransport(f"{worker.address},127.0.0.1:1")
    transport.open()
    lost = transport._stream
    transport.close()
    with pytest.raises(ServerUnavailableError, match="closed on this side"):
        transport._ensure(lost)
    assert transport.address == worker.address, "no other is tried"
    assert transport.traffic.reconnects == 0


def test_a_session_whose_wait_was_given_up_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker() as worker:
        transport = GrpcTransport(worker.address)
        session_id = transport.open().session_id
        event = attached(worker, monkeypatch)
        transport.send(fragment(1, BLOCK))
        with pytest.raises(DeadlineError):
            transport.receive(0.1)
        assert event.wait(30)
        assert lives_after_its_lease(worker, session_id, monkeypatch)
        transport.cancel(1)
        assert isinstance(from_status(transport.receive().error), CancelledError)
        transport.close()


def test_a_lost_reply_is_answered_from_record(
    transport: GrpcTransport, worker: FakeWorker, proxy: Proxy
) -> None:
    transport.send(fragment(1))
    transport.receive()
    proxy.swallow_replies = True
    transport.send(fragment(2))
    transport.send(fragment(3))
    assert proxy.swallowed.wait(60)
    proxy.swallow_replies = False
    proxy.cut()
    assert [transport.receive().held_bytes, transport.receive().held_bytes] == [2, 3]
    assert applied(worker) == [1, 2, 3], "each once, although sent twice"


def test_bulk_calls_survive_a_cut(transport: GrpcTransport, worker: FakeWorker, proxy: Proxy) -> None:
    proxy.cut()
    transport.put(digest_of(DATA), memoryview(DATA))
    proxy.cut()
    assert transport.missing([digest_of(DATA)]) == []
    proxy.cut()
    assert transport.get(5)[0].shape == (5,)


def test_an_expired_session_says_so() -> None:
    with fake_worker(lease_s=0.05) as worker, Proxy(worker.address) as way:
        transport = GrpcTransport(way.address, journal_bytes=0)
        transport.open()
        way.refusing = True
        way.cut()
        assert worker.engines[0].freed.wait(60), "its lease ends by itself"
        way.refusing = False
        transport.send(fragment(1))
        with pytest.raises(SessionExpiredError, match="lease"):
            transport.receive()
        transport.close()


def begin(transport: GrpcTransport) -> None:
    """Has a session with two fragments, answered, and a payload."""
    transport.open()
    for seq in (1, 2):
        transport.send(fragment(seq, LARGE))
        transport.receive()
    transport.put(digest_of(DATA), memoryview(DATA))


def test_a_session_is_sent_again_to_a_restarted_server() -> None:
    port = free_port()
    with fake_worker(port=port) as worker:
        transport = GrpcTransport(worker.address)
        begin(transport)
    with fake_worker(port=port) as worker:
        transport.send(fragment(3))
        assert transport.receive().seq == 3, "the answers of the others are not handed out again"
        assert applied(worker) == [1, 2, 3]
        assert digest_of(DATA) in worker.engines[0].payloads, "a fragment to come may name it"
        assert (transport.traffic.replayed, transport.traffic.outcomes) == (2, 3)
        assert transport.traffic.received_bytes < 3_000_000, "nor are they sent"
        transport.close()


def test_a_call_beside_the_stream_brings_the_session_back() -> None:
    port = free_port()
    with fake_worker(port=port) as worker:
        transport = GrpcTransport(worker.address)
        begin(transport)
    with fake_worker(port=port) as worker:
        assert transport.get(5)[0].shape == (5,)
        assert applied(worker) == [1, 2]
        transport.close()


def test_a_session_without_its_journal_is_lost_with_the_server() -> None:
    port = free_port()
    with fake_worker(port=port) as worker:
        transport = GrpcTransport(worker.address, journal_bytes=0)
        begin(transport)
    with fake_worker(port=port):
        transport.send(fragment(3))
        with pytest.raises(SessionNotFoundError, match="restarted"):
            transport.receive()
        transport.close()


def test_a_server_that_goes_away_mid_call() -> None:
    with fake_worker() as worker:
        transport = GrpcTransport(worker.address, reconnect_s=0.3)
        transport.open()
        transport.send(fragment(1, BLOCK))
        assert worker.engines[0].blocking.wait(60)
        stopper = threading.Thread(target=worker.server.stop)
        stopper.start()
        with pytest.raises(ServerUnavailableError, match=r"went away and did not come back within 0.3 s"):
            transport.receive()
        stopper.join()
        with pytest.raises(ServerUnavailableError):
            transport.put(digest_of(b"x"), memoryview(b"x"))
        transport.close()


@pytest.mark.chaos
def test_a_frozen_server_is_noticed_and_its_session_goes_on_when_it_thaws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurried = {
        "grpc.keepalive_time_ms": 1000,
        "grpc.keepalive_timeout_ms": 500,
        "grpc.http2.ping_timeout_ms": 500,
    }
    options = tuple((name, hurried.get(name, value)) for name, value in CHANNEL_OPTIONS)
    monkeypatch.setattr(channels, "CHANNEL_OPTIONS", options)
    with serving() as (address, pid):
        transport = GrpcTransport(address)
        transport.open()
        transport.send(fragment(1))
        transport.receive()
        freeze(pid)
        transport._reconnect_s, transport._claim.deadline_s = 0.5, 0.0
        try:
            transport.send(fragment(2))
            with pytest.raises(ServerUnavailableError, match="did not come back"):
                transport.receive()
        finally:
            os.kill(pid, signal.SIGCONT)
        transport._reconnect_s = 30
        assert transport.receive().seq == 2
        transport.close()
