"""A session over gRPC: lost connections, lost replies, interrupted waits, servers that go away."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from telegrad.transport import connection
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import (
    AccessError,
    ArgumentError,
    CancelledError,
    CapacityError,
    DeadlineError,
    LimitError,
    PayloadError,
    ProtocolError,
    ServerUnavailableError,
    SessionExpiredError,
    SessionNotFoundError,
    StructureError,
    VersionError,
)
from telegrad_proto.limits import MAX_MESSAGE_BYTES
from telegrad_proto.opset import OPSET
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2
from telegrad_server.api.ports import Stream
from tests.client.transport.proxy import Proxy
from tests.places import serving
from tests.server.fakes import BLOCK, FakeWorker, fake_worker

DATA = bytes(range(256)) * 10_000


def fragment(seq: int, *fetches: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(seq=seq, fetches=fetches)


@pytest.fixture
def worker() -> Iterator[FakeWorker]:
    with fake_worker() as worker:
        yield worker


@pytest.fixture
def proxy(worker: FakeWorker) -> Iterator[Proxy]:
    with Proxy(worker.address) as proxy:
        yield proxy


@pytest.fixture
def transport(proxy: Proxy) -> Iterator[GrpcTransport]:
    transport = GrpcTransport(proxy.address, reconnect_s=10)
    transport.open()
    yield transport
    transport.close()


def applied(worker: FakeWorker) -> list[int]:
    return worker.engines[0].applied


def test_fragments_and_outcomes(transport: GrpcTransport, worker: FakeWorker) -> None:
    for seq in range(1, 11):
        assert transport.send(fragment(seq)) > 0
    assert [transport.receive().seq for _ in range(10)] == list(range(1, 11))
    assert (transport.traffic.fragments, transport.traffic.outcomes, transport.traffic.reconnects) == (
        10,
        10,
        0,
    )


def test_closing_frees_the_session_at_once(worker: FakeWorker) -> None:
    transport = GrpcTransport(worker.address)
    transport.open()
    transport.send(fragment(1))
    transport.close()
    assert worker.engines[0].closed
    transport.close()


def test_payloads_and_values(transport: GrpcTransport, worker: FakeWorker) -> None:
    digest = digest_of(DATA)
    assert transport.missing([digest]) == [digest]
    transport.put(digest, memoryview(DATA))
    assert transport.missing([digest]) == []
    transport.put(digest_of(b""), memoryview(b""))
    spec, data = transport.get(3_000_000)
    assert spec.shape == (3_000_000,)
    assert bytes(data[:4]) == b"\0\1\2\3"
    with pytest.raises(StructureError):
        transport.get(2**40)
    with pytest.raises(PayloadError):
        transport.put(b"short", memoryview(DATA))
    assert transport.residuals().held_bytes == 0
    assert transport.traffic.sent_bytes == len(DATA)


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

    def tell(session_id: str, cancel: Callable[[], object]) -> Stream:
        stream = attach(session_id, cancel)
        event.set()
        return stream

    monkeypatch.setattr(worker.server.sessions, "attach", tell)
    return event


def test_a_session_that_nobody_uses_outlives_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker(lease_s=0.5) as worker, Proxy(worker.address) as proxy:
        transport = GrpcTransport(proxy.address)
        transport.open()
        for _ in range(3):
            event = attached(worker, monkeypatch)
            proxy.cut()
            assert event.wait(10), "nobody has asked for it"
        assert not worker.engines[0].freed.wait(1), "twice the lease"
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        assert len(worker.engines) == 1
        transport.close()


def test_a_session_whose_wait_was_given_up_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker(lease_s=0.5) as worker:
        transport = GrpcTransport(worker.address)
        transport.open()
        event = attached(worker, monkeypatch)
        transport.send(fragment(1, BLOCK))
        with pytest.raises(DeadlineError):
            transport.receive(0.1)
        assert event.wait(10)
        assert not worker.engines[0].freed.wait(1), "twice the lease"
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
    assert proxy.swallowed.wait(10)
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
        transport = GrpcTransport(way.address)
        transport.open()
        way.refusing = True
        way.cut()
        assert worker.engines[0].freed.wait(10), "its lease ends by itself"
        way.refusing = False
        transport.send(fragment(1))
        with pytest.raises(SessionExpiredError, match="lease"):
            transport.receive()
        transport.close()


def test_a_restarted_server_has_lost_the_session() -> None:
    with fake_worker() as worker:
        transport = GrpcTransport(worker.address)
        transport.open()
        port = int(worker.address.rpartition(":")[2])
    with fake_worker(port=port):
        transport.send(fragment(1))
        with pytest.raises(SessionNotFoundError, match="restarted"):
            transport.receive()
        transport.close()


def test_a_server_that_goes_away_mid_call() -> None:
    with fake_worker() as worker:
        transport = GrpcTransport(worker.address, reconnect_s=0.3)
        transport.open()
        transport.send(fragment(1, BLOCK))
        assert worker.engines[0].blocking.wait(10)
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
    options = tuple((name, hurried.get(name, value)) for name, value in connection.CHANNEL_OPTIONS)
    monkeypatch.setattr(connection, "CHANNEL_OPTIONS", options)
    with serving() as (address, pid):
        transport = GrpcTransport(address, connect_s=0.5, reconnect_s=0.5)
        transport.open()
        transport.send(fragment(1))
        transport.receive()
        os.kill(pid, signal.SIGSTOP)
        try:
            transport.send(fragment(2))
            with pytest.raises(ServerUnavailableError, match="did not come back"):
                transport.receive()
        finally:
            os.kill(pid, signal.SIGCONT)
        transport._reconnect_s = 30
        assert transport.receive().seq == 2
        transport.close()


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    transport = GrpcTransport(address)
    began = time.monotonic()
    with pytest.raises(ServerUnavailableError, match=f"no telegrad server answers at {address}"):
        transport.open()
    assert time.monotonic() - began < 5
    transport.close()


def test_a_port_where_nobody_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        transport = GrpcTransport(f"127.0.0.1:{mute.getsockname()[1]}", connect_s=0.2)
        with pytest.raises(ServerUnavailableError):
            transport.open()
        transport.close()


@pytest.mark.parametrize("address", ["", "localhost", ":7431", "host:", "host:port", "http://host"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ArgumentError, match="host:port"):
        GrpcTransport(address)


@pytest.mark.parametrize("token", [None, "another token entirely"])
def test_no_token_or_a_wrong_one(token: str | None) -> None:
    with fake_worker(token="the right token of this server") as worker:
        transport = GrpcTransport(worker.address, token=token)
        with pytest.raises(AccessError):
            transport.open()
        transport.close()


def test_other_operators(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = GrpcTransport(worker.address)
    with monkeypatch.context() as patch, pytest.raises(VersionError, match="different operators"):
        # The server looked at its own before it listened.
        patch.setattr(OPSET, "digest", b"\0" * 32)
        transport.open()
    transport.close()


def test_a_full_server() -> None:
    with fake_worker(max_sessions=1) as worker:
        one, two = GrpcTransport(worker.address), GrpcTransport(worker.address)
        one.open()
        with pytest.raises(CapacityError, match="room for 1"):
            two.open()
        one.close()
        two.open()
        two.close()


def test_a_wait_that_is_too_long_can_be_taken_up_again(transport: GrpcTransport, worker: FakeWorker) -> None:
    transport.send(fragment(1, BLOCK))
    with pytest.raises(DeadlineError, match=r"within 0.1 s"):
        transport.receive(0.1)
    with pytest.raises(DeadlineError):
        transport.receive(0.1)
    assert transport.cancel(1)
    assert isinstance(from_status(transport.receive(10).error), CancelledError)
    assert applied(worker) == [1]


class Impatient:
    """Somebody who presses Ctrl-C as soon as a wait is shown."""

    def __init__(self) -> None:
        self.pressed = False

    def waiting(self, elapsed_s: float) -> None:
        if not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)

    def bulk(self, verb: str, done_bytes: int, total_bytes: int) -> None: ...

    def finished(self) -> None: ...


def test_ctrl_c_cancels_and_the_session_goes_on(worker: FakeWorker) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    transport = GrpcTransport(worker.address, progress=Impatient())
    transport.open()
    transport.send(fragment(1, BLOCK))
    transport.send(fragment(2))
    with pytest.raises(KeyboardInterrupt):
        transport.receive()
    for _ in range(2):  # what came after it is stopped too
        assert isinstance(from_status(transport.receive().error), CancelledError)
    transport.send(fragment(3))
    assert not transport.receive().HasField("error")
    assert applied(worker) == [1, 2, 3]
    transport.close()


def test_receiving_more_than_was_sent(transport: GrpcTransport) -> None:
    with pytest.raises(ProtocolError):
        transport.receive()


def test_a_fragment_past_the_limit_is_not_sent(transport: GrpcTransport, worker: FakeWorker) -> None:
    large = fragment(1)
    large.leaves.add(id=1, data=bytes(MAX_MESSAGE_BYTES))
    with pytest.raises(LimitError, match="bytes"):
        transport.send(large)
    transport.send(fragment(1))
    assert transport.receive().seq == 1


def test_the_direct_way_is_taken_where_it_is_wanted() -> None:
    with fake_worker(direct_address=":") as worker, Proxy(worker.address) as gateway:
        transport = GrpcTransport(gateway.address, direct=True)
        transport.open()
        assert transport.address == worker.address
        transport.send(fragment(1))
        transport.receive()
        transport.close()
        assert worker.engines[0].closed
        plain = GrpcTransport(gateway.address)
        plain.open()
        assert plain.address == gateway.address
        plain.close()


def test_a_direct_way_that_leads_nowhere_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"127.0.0.1:{closed.getsockname()[1]}"
    with fake_worker(direct_address=nowhere) as worker:
        transport = GrpcTransport(worker.address, direct=True)
        transport.open()
        assert transport.address == worker.address
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        transport.close()


def test_a_direct_way_that_breaks_later_is_left() -> None:
    with Proxy() as direct, fake_worker(direct_address=direct.address) as worker:
        direct.target = worker.address
        transport = GrpcTransport(worker.address, direct=True)
        transport.open()
        assert transport.address == direct.address
        direct.refusing = True
        direct.cut()
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        assert transport.address == worker.address
        assert applied(worker) == [1]
        transport.close()


def test_no_thread_outlives_a_transport(worker: FakeWorker) -> None:
    before = {thread for thread in threading.enumerate() if "telegrad-call" not in thread.name}
    for _ in range(5):
        transport = GrpcTransport(worker.address)
        transport.open()
        transport.send(fragment(1))
        transport.receive()
        transport.close()
    for thread in threading.enumerate():
        if thread not in before and "telegrad-call" not in thread.name:
            thread.join(10)
            assert not thread.is_alive(), thread
